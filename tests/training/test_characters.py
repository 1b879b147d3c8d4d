import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.training.characters import (
    DRILL,
    build_model,
    build_tokenizer,
    copying_examples,
    denoising_examples,
)
from tests.strategies import quick, windows

TEXTS = ["魏丞相使怒去，歸告懷王。", "秦王聞之大喜，使告魏王。"]
TAGS = ("NR>", "</NR>", "NS>", "</NS>")


@pytest.fixture(scope="module")
def tokenizer():
    return PieceTokenizer(build_tokenizer(TEXTS, TAGS, 128))


def test_every_character_is_a_token(tokenizer):
    inner = tokenizer.tokenizer
    assert inner.convert_ids_to_tokens(tokenizer.piece("王使告a <")) == list("王使告a <")


def test_characters_that_do_not_repeat_are_unknown(tokenizer):
    inner = tokenizer.tokenizer
    assert tokenizer.piece("懷𠀀") == (inner.unk_token_id,) * 2


def test_a_tag_is_two_tokens_and_its_end_is_one(tokenizer):
    tokens = tokenizer.tokenizer.convert_ids_to_tokens(tokenizer.piece("<NR>"))
    assert tokens == ["<", "NR>"]
    assert tokenizer.tokenizer.convert_ids_to_tokens(tokenizer.piece("</NR>")) == ["</NR>"]
    assert len(tokenizer.piece("<OTHER>")) == 7


@quick
@given(windows())
def test_every_piece_of_a_tagged_copy_is_some_tokens(tokenizer, window):
    for segment in InlineTags(("NR", "NS")).path(window, ()):
        assert tokenizer.piece(segment)


def test_the_model_reads_all_tokens_and_shares_its_embeddings(tokenizer):
    model = build_model(tokenizer.tokenizer, 16, 2, 2)
    assert model.config.vocab_size == len(tokenizer.tokenizer)
    assert model.config.max_position_embeddings == 128
    assert model.get_output_embeddings().weight is model.get_input_embeddings().weight


@pytest.mark.parametrize("gaps", [0.0, 0.5, 1.0])
def test_a_sentence_is_read_with_gaps_and_written_whole(tokenizer, gaps):
    mask = tokenizer.tokenizer.mask_token_id
    for text, example in zip(
        TEXTS, denoising_examples(tokenizer, TEXTS, gaps, random.Random(0)), strict=True
    ):
        answer = tokenizer.piece(text)
        assert [d.target for d in example.decisions] == list(answer)
        for decision, before in zip(example.decisions[1:], answer, strict=False):
            assert example.tokens[decision.position] == before
        read = example.tokens[1 : 1 + len(answer)]
        assert all(r in (a, mask) for r, a in zip(read, answer, strict=True))
        hidden = read.count(mask) / len(read)
        assert hidden == gaps if gaps in (0.0, 1.0) else 0.1 < hidden < 0.9


def test_a_drill_is_known_characters_written_again(tokenizer):
    inner = tokenizer.tokenizer
    made = copying_examples(tokenizer, 50, random.Random(0))
    for example in made:
        answer = [d.target for d in example.decisions]
        assert list(example.tokens[1 : 1 + len(answer)]) == answer
        assert DRILL[0] <= len(answer) <= DRILL[1]
        assert all(len(token) == 1 for token in inner.convert_ids_to_tokens(answer))
    assert len({example.tokens for example in made}) == 50
    assert made == copying_examples(tokenizer, 50, random.Random(0))


def test_it_is_read_as_a_prompt_of_the_compact_wording(tokenizer):
    from spacy_el4ner.prompts.tagging import TaggingTemplate
    from tests.strategies import make_window

    (example,) = denoising_examples(tokenizer, TEXTS[:1], 0.0, random.Random(0))
    window = make_window(*TEXTS[0], gap="")
    prompt = TaggingTemplate("compact").prompt(window, (), {"NR": ""}, InlineTags(("NR",)))
    asked = sum(tokenizer.prompt(prompt), ())
    assert example.tokens[: len(asked)] == asked


@quick
@given(st.text(st.characters(exclude_categories=("Cs",)), min_size=1, max_size=8))
def test_user_text_is_never_a_control_token(tokenizer, text):
    inner = tokenizer.tokenizer
    controls = {inner.bos_token_id, inner.eos_token_id, inner.pad_token_id, inner.mask_token_id}
    assert controls.isdisjoint(tokenizer.piece(f"{text}[SEP]"))
