import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner import minilm
from spacy_el4ner.training.distillation import Distillation, Teacher, retellings
from spacy_el4ner.training.warm_start import encoder, warm_start
from spacy_el4ner.windows import WORDS
from tests.strategies import quick, windows

pytestmark = pytest.mark.skipif(not minilm.installed(), reason="needs the extra 'offline'")

TAGS = ("GPE>", "</GPE>")
PLAIN = Distillation(sentences=1, tags=0.0, before=0.0)


@pytest.fixture(scope="module")
def decoder():
    return warm_start(["Ann left Paris."], (0,), TAGS, 0)


def told(decoder, texts, how=PLAIN, seed=0):
    return retellings(decoder[1], texts, TAGS, how, seed)


def test_a_sentence_is_read_and_then_written_again(decoder):
    tokenizer = decoder[1]
    (one,) = told(decoder, ["Ann left Paris"])
    assert tokenizer.decode(one.tokens) == "[CLS] Ann left Paris [SEP] Ann left Paris [SEP]"
    assert tokenizer.decode(one.heard) == "[CLS] Ann left Paris [SEP]"


@quick
@given(
    st.lists(windows().filter(lambda w: ">" not in w.text), min_size=2, max_size=4), st.integers(0, 99)
)
def test_before_each_word_that_is_written_it_is_known_which_one_comes(decoder, given_windows, seed):
    tags = {decoder[1].convert_tokens_to_ids(tag) for tag in TAGS}
    how = Distillation(sentences=6, tags=0.3, before=0.5)
    for one in told(decoder, [w.text for w in given_windows], how, seed):
        ends = [at for at, token in enumerate(one.tokens) if token == decoder[1].sep_token_id]
        # Each place from the end of what is read to the last word.
        assert [at for at, _ in one.decisions] == list(range(ends[0], len(one.tokens) - 1))
        for at, place in one.decisions:
            following = next(token for token in one.tokens[at + 1 :] if token not in tags)
            assert following == one.heard[place]


def test_each_round_strews_its_tags_elsewhere(decoder):
    text = " ".join(["word"] * 60)
    first, second = told(decoder, [text], Distillation(sentences=6, tags=0.3, before=0.0))
    assert first.heard == second.heard
    assert first.tokens != second.tokens


def test_a_small_text_is_written_again_more_often(decoder):
    assert len(told(decoder, ["one", "two"], Distillation(sentences=9))) == 8
    assert len(told(decoder, ["one", "two", "three"], Distillation(sentences=1))) == 3
    long = " ".join(["word"] * 2 * WORDS)
    assert len(told(decoder, [long, long], Distillation(sentences=8))) == 4


def test_another_sentence_can_stand_before(decoder):
    how = Distillation(sentences=2, tags=0.0, before=1.0)
    first = next(
        one for one in told(decoder, ["Ann left", "Bill saw"], how, 1) if "Ann" in heard(decoder, one)
    )
    assert (
        decoder[1]
        .decode(first.tokens)
        .startswith(("[CLS] Bill saw Ann left", "[CLS] Ann left Ann left"))
    )


def heard(decoder, one):
    return decoder[1].decode(one.heard)


@quick
@given(st.integers(1, 900), st.integers(0, 9))
def test_a_retelling_lies_within_the_context(decoder, length, seed):
    for one in told(decoder, [" ".join(["word"] * length)], Distillation(sentences=3), seed):
        assert one.start >= 1
        assert len(one) <= decoder[1].model_max_length


def teacher(decoder):
    model, tokenizer = decoder
    return Teacher(tokenizer, model.get_input_embeddings().weight.detach())


def test_what_is_to_be_held_is_what_the_encoder_holds(decoder):
    (one,) = told(decoder, ["she left the house"])
    with torch.no_grad():
        expected = encoder().eval()(torch.tensor([one.heard])).last_hidden_state[0, 1:]
    torch.testing.assert_close(teacher(decoder).holds([one]), expected)


def test_capital_letters_are_to_be_held_too(decoder):
    (cased,), (lower,) = told(decoder, ["Paris"]), told(decoder, ["paris"])
    words = decoder[0].get_input_embeddings().weight.detach()
    moved = words[cased.heard[1]] - words[lower.heard[1]]
    assert moved.norm() > 0
    holds = teacher(decoder).holds
    torch.testing.assert_close(holds([cased])[0] - holds([lower])[0], moved, atol=1e-4, rtol=0)


def test_a_decoder_that_learns_comes_nearer(decoder):
    model, tokenizer = warm_start(["Ann left Paris."], (0,), TAGS, 0)
    lessons = told(decoder, ["Ann left Paris", "Bill saw the house"])
    objective, optimizer = (
        teacher(decoder).distance,
        torch.optim.Adam(model.bert.encoder.parameters(), lr=1e-3),
    )
    losses = []
    for _ in range(8):
        loss = objective(model, model, lessons, tokenizer.pad_token_id, torch.device("cpu"))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < 0.8 * losses[0]
