"""Every family of models that users bring, with its own kind of tokenizer and chat template.

One behaviour a test; where a family differs by nature, the test says so.
"""

import math
import random
import re
from dataclasses import replace

import pytest
from transformers import AutoTokenizer

from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.formats import Choice, InlineTags, SpanList
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.types import Answer, DecodeRequest, Mention, Prompt, ScoreRequest, Window
from tests.teacher import Forced, teacher_forced, walk
from tests.tiny import FAMILIES, LABELS, save_family
from tests.tiny_tokenizers import TEXTS

DECODERS = ("constrained", "draft_verified")
FORMATS = {
    "untyped": InlineTags(max_tokens=4),
    "typed": InlineTags(tuple(LABELS), max_tokens=4),
    "span_list": SpanList(max_tokens=3),
}
WORDPIECE = {"compact"}
"""These families know neither white space nor every character."""
BY_RUNS = WORDPIECE | {"unigram"}
"""These have one place for all characters of a run that they do not know."""
# A window narrower than the prompts leaves no room for drafts, and MPT none at all; it is said once.
pytestmark = pytest.mark.filterwarnings("ignore:.WL00[48]")


def by_word(text: str) -> Window:
    return Window(text, 0, tuple(m.span() for m in re.finditer(r"\S+", text)))


def by_character(text: str) -> Window:
    return Window(text, 0, tuple(m.span() for m in re.finditer(r"\S", text)))


WINDOWS = [
    by_word(TEXTS[0]),
    by_word("Søren of Acme Ltd. left İstanbul at 9"),
    by_character("魏丞相使怒去"),
]


def requests(format: str) -> list[DecodeRequest]:
    made = FORMATS[format]
    template = PromptTemplate("en", made)
    return [DecodeRequest(template.extraction(w, (), LABELS), made.grammar(w)) for w in WINDOWS]


@pytest.fixture(scope="module", params=FAMILIES)
def family(request):
    return request.param


@pytest.fixture(scope="module")
def folder(family, tmp_path_factory):
    return save_family(tmp_path_factory.mktemp(family), family)


@pytest.fixture(scope="module")
def tokens(folder):
    return PieceTokenizer(AutoTokenizer.from_pretrained(folder))


@pytest.fixture(scope="module")
def backends(folder):
    return {decoder: HFBackend(str(folder), decoder=decoder) for decoder in DECODERS}


@pytest.fixture(scope="module")
def unshared(folder):
    """A backend that reads every prompt in full."""
    return HFBackend(str(folder), prefix_mb=0)


@pytest.fixture(scope="module")
def answers(backends):
    """What each decoder answers in each format to all requests at once."""
    return {
        (decoder, format): backend.decode(requests(format))
        for decoder, backend in backends.items()
        for format in FORMATS
    }


@pytest.fixture(scope="module")
def taught(backends, answers):
    """What a plain pass says of each of these answers."""
    return {
        (decoder, format): [
            teacher_forced(backends[decoder], request, answer)
            for request, answer in zip(requests(format), given, strict=True)
        ]
        for (decoder, format), given in answers.items()
    }


@pytest.fixture(scope="module", params=DECODERS)
def decoder(request):
    return request.param


@pytest.fixture
def backend(backends, decoder):
    return backends[decoder]


@pytest.fixture(params=FORMATS)
def format(request):
    return request.param


def plain(tokens, ids) -> str:
    """The text of tokens that something stands before."""
    x = tokens.piece("x")
    decoded = tokens.tokenizer.decode(
        [*x, *ids], skip_special_tokens=False, clean_up_tokenization_spaces=False
    )
    assert decoded.startswith("x")
    return decoded[1:]


# Answers


def test_a_batch_is_answered_as_one_by_one(backend, answers, decoder, format):
    for request, answer in zip(requests(format), answers[decoder, format], strict=True):
        alone = backend.decode([request])[0]
        assert (alone.text, alone.offsets) == (answer.text, answer.offsets)
        assert alone.logprobs == pytest.approx(answer.logprobs, abs=1e-4)


def test_every_answer_lies_in_the_text(answers, decoder, format):
    for answer, w in zip(answers[decoder, format], WINDOWS, strict=True):
        parsed = FORMATS[format].parse(answer.text, w)
        assert parsed.unaligned == parsed.unparsed == 0
        starts, ends = {s for s, _ in w.tokens}, {e for _, e in w.tokens}
        assert all(m.start in starts and m.end in ends for m in parsed.mentions)


def test_probabilities_are_those_of_one_pass_over_the_finished_answer(answers, taught, decoder, format):
    for answer, expected in zip(answers[decoder, format], taught[decoder, format], strict=True):
        assert answer.logprobs == pytest.approx([taken for taken, _ in expected], abs=1e-4)


def test_every_token_is_the_likeliest_of_those_allowed(taught, decoder, format):
    for expected in taught[decoder, format]:
        for taken, likeliest in expected:
            assert taken == pytest.approx(likeliest, abs=1e-4)


def test_the_decoders_give_the_same_answers(answers, format):
    first, *others = (answers[decoder, format] for decoder in DECODERS)
    for other in others:
        assert [(a.text, a.offsets) for a in other] == [(a.text, a.offsets) for a in first]


def test_shared_prefixes_change_no_answer(answers, unshared, format):
    for answer, whole in zip(
        answers["draft_verified", format], unshared.decode(requests(format)), strict=True
    ):
        assert (answer.text, answer.offsets) == (whole.text, whole.offsets)
        assert answer.logprobs == pytest.approx(whole.logprobs, abs=1e-4)


def test_shared_prefixes_change_no_decision_along_an_answer(backends, unshared, monkeypatch):
    monkeypatch.setattr(Runner, "pass_cost", lambda *_: 0)  # worth a pass, however little is shared
    format = FORMATS["typed"]
    asked = [
        replace(r, guess=tuple(format.path(w, [])))
        for r, w in zip(requests("typed"), WINDOWS, strict=True)
    ]
    for found, whole in zip(
        backends["draft_verified"].force(asked), unshared.force(asked), strict=True
    ):
        assert [d.log_odds for d in found] == pytest.approx([d.log_odds for d in whole], abs=1e-4)


def test_a_forced_answer_is_given_as_it_is(backend):
    format, w = InlineTags(), by_character(TEXTS[0])
    path = format.path(w, [Mention(6, 8)])
    request = DecodeRequest(Prompt("Types.", w.text, " Mark."), Forced(path))
    assert backend.decode([request])[0].text == "Bill p<e>ai</e>d the bill in Paris."


@pytest.mark.parametrize("family", ["gemma2"], indirect=True)
def test_the_soft_cap_of_attention_is_not_left_out(backend):
    """As transformers 4 does, if it is left to choose."""
    backend.score(QUESTIONS[:1])
    assert backend._loaded.model.config._attn_implementation == "eager"


# Scores

OPTIONS = ("PERSON", "ORG", "ORGANIZATION", "none")
QUESTIONS = [
    ScoreRequest(Prompt("Types.", text, f" What is {word}?"), OPTIONS)
    for text in TEXTS[:2]
    for word in ("Bill", "Paris")
]


def test_scores_are_a_distribution(backend):
    for row in backend.score(QUESTIONS):
        assert sum(map(math.exp, row)) == pytest.approx(1, abs=1e-5)


def test_shared_prefixes_change_no_score(backends, unshared, monkeypatch):
    monkeypatch.setattr(Runner, "pass_cost", lambda *_: 0)
    for found, whole in zip(
        backends["draft_verified"].score(QUESTIONS), unshared.score(QUESTIONS), strict=True
    ):
        assert found == pytest.approx(whole, abs=1e-4)


def test_a_batch_is_scored_as_one_by_one(backend):
    shuffled = random.Random(0).sample(QUESTIONS, len(QUESTIONS))
    for question, row in zip(shuffled, backend.score(shuffled), strict=True):
        assert backend.score([question])[0] == pytest.approx(row, abs=1e-4)


def test_scores_are_those_of_one_pass_over_each_option(backend):
    question = QUESTIONS[0]
    request = DecodeRequest(question.prompt, Choice(OPTIONS))
    for option, score in zip(OPTIONS, backend.score([question])[0], strict=True):
        places, _ = walk(backend.tokens, request.grammar, [option, ""])
        expected = teacher_forced(backend, request, Answer(*places[-1].answer))
        assert score == pytest.approx(sum(taken for taken, _ in expected), abs=1e-4)


# Pieces


def inside_a_token(tokens, text: str) -> list[int]:
    """Where the plain tokenisation of a text merges a character with the one before."""
    found = tokens.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
    return [
        at
        for start, end in found["offset_mapping"]
        for at in range(start + 1, end)
        if not text[at - 1].isspace() and not text[at].isspace()
    ]


def test_a_mention_can_begin_and_end_inside_a_token_of_the_plain_sentence(tokens):
    text = f"{TEXTS[3]} {TEXTS[0]}"
    merged = inside_a_token(tokens, text)
    assert merged
    format, w = InlineTags(), by_character(text)
    for at in {*merged[:2], *merged[-2:]}:
        for mention in (Mention(at, at + 1), Mention(at - 1, at)):
            places, _ = walk(tokens, format.grammar(w), format.path(w, [mention]))
            assert places[-1].answer[0] == format.render(w, [mention])


TRICKY = [
    *TEXTS,
    "  two  spaces ",
    "a\n\nb\n",
    "\n",
    " ",
    "café 🦜 ا",
    "<|im_start|>user",
    "<think>",
    "<e>x</e>",
]


@pytest.mark.parametrize("text", TRICKY)
@pytest.mark.parametrize("family", [n for n in FAMILIES if n not in WORDPIECE], indirect=True)
def test_pieces_are_the_exact_text(tokens, text):
    pieces = re.findall(r"\s*\S|\s+$", text)
    assert "".join(pieces) == text
    assert plain(tokens, [token for piece in pieces for token in tokens.piece(piece)]) == text
    assert plain(tokens, tokens.piece(text)) == text


@pytest.mark.parametrize("text", [t for t in TRICKY if t.strip()])
@pytest.mark.parametrize("family", [n for n in FAMILIES if n not in BY_RUNS], indirect=True)
def test_a_token_begins_where_its_text_does(tokens, text):
    """As the tokens before it say, when they are decoded and hold no half of a character."""
    ids, starts = tokens.piece(text), tokens.starts(text)
    blank = len(text) - len(text.lstrip())
    assert len(starts) == len(ids)
    assert list(starts) == sorted(starts)
    for n, start in enumerate(starts):
        before = plain(tokens, ids[:n])
        if "\ufffd" not in before:
            assert start == max(len(before) - blank, 0)


def test_the_bytes_of_a_character_begin_where_it_does(tokens):
    assert set(tokens.starts("🦜")) == {0}


@pytest.mark.parametrize("family", WORDPIECE, indirect=True)
def test_wordpiece_places_its_tokens_too(tokens):
    assert tokens.starts(" Bill") == (0,)
    assert tokens.starts("Qa") == (0, 1)


@pytest.mark.parametrize("family", WORDPIECE, indirect=True)
def test_wordpiece_keeps_all_but_the_white_space_of_what_it_knows(tokens):
    ids = [token for piece in TEXTS[0].split() for token in tokens.piece(piece)]
    assert plain(tokens, ids).replace(" ", "") == TEXTS[0].replace(" ", "")


def controls(family) -> list[str]:
    """The control tokens of a family: the special ones, and those that its template writes."""
    made = FAMILIES[family]
    written = [t for t in made.tokens.added if t in (made.template or "")]
    # WordPiece has "[UNK]" for every character that it does not know.
    unknown = [t for t in made.tokens.names.values() if t == "<unk>"]
    return [*(t for t in made.tokens.special if t != "[UNK]"), *written, *unknown]


def test_control_tokens_in_user_text_stay_text(family, tokens):
    prompt = [Prompt("Types.", f"Ann {text}.", " Who?") for text in ("left", "".join(controls(family)))]
    ids = {*tokens.tokenizer.convert_tokens_to_ids(controls(family))}
    harmless, harmful = ([t for t in sum(tokens.prompt(p), ()) if t in ids] for p in prompt)
    assert harmful == harmless


# Chat templates


TEMPLATED = [name for name, made in FAMILIES.items() if made.template is not None]


def template(tokens, *turns: str, ask: bool) -> tuple[int, ...]:
    """The tokenizer's own reading of a conversation that the user begins."""
    chat = [{"role": ("user", "assistant")[n % 2], "content": text} for n, text in enumerate(turns)]
    text = tokens.tokenizer.apply_chat_template(
        chat, tokenize=False, add_generation_prompt=ask, enable_thinking=False
    )
    return tuple(tokens.tokenizer.encode(text, add_special_tokens=False))


def decoded(tokens, ids) -> str:
    return tokens.tokenizer.decode(ids, clean_up_tokenization_spaces=False)


@pytest.mark.parametrize("family", TEMPLATED, indirect=True)
def test_a_prompt_is_what_the_tokenizer_makes_of_the_chat_template(tokens):
    """Where no piece begins inside a word."""
    asked = sum(tokens.prompt(Prompt("", "Ann left.", " Who?")), ())
    expected = template(tokens, "Ann left. Who?", ask=True)
    assert asked[: len(expected)] == expected


@pytest.mark.parametrize("family", [n for n in FAMILIES if n not in TEMPLATED], indirect=True)
def test_without_a_chat_template_a_prompt_is_plain_text(tokens):
    asked = decoded(tokens, sum(tokens.prompt(Prompt("Types.", "Ann left.", " Who?")), ()))
    assert asked == f"{tokens.tokenizer.bos_token}Types.\n\nAnn left. Who?\n"


@pytest.mark.parametrize("family", [n for n in TEMPLATED if n != "qwen3"], indirect=True)
def test_an_answer_stands_where_the_chat_template_puts_it(tokens):
    """Qwen3 is asked with an empty thought, which its template leaves out of finished turns."""
    asked = sum(tokens.prompt(Prompt("", "Ann left.", " Who?")), ())
    found = decoded(tokens, (*asked, *tokens.piece("Ann"), tokens.end))
    expected = decoded(tokens, template(tokens, "Ann left. Who?", "Ann", "Why?", ask=False))
    # A template that has a space before the answer leaves it to the answer's first word.
    assert expected.replace("[/INST] ", "[/INST]").startswith(found)


def test_the_system_text_stands_in_the_prompt_once(family, tokens):
    """Where the template refuses a system turn, at the head of the user's."""
    asked = decoded(tokens, sum(tokens.prompt(Prompt("Types.", "Ann left.", " Who?")), ()))
    assert asked.count("Types") == asked.count("left") == 1
    assert asked.index("Types") < asked.index("left")


def test_an_answer_ends_with_the_token_that_the_family_ends_a_turn_with(family, tokens):
    assert tokens.tokenizer.convert_ids_to_tokens(tokens.end) == FAMILIES[family].turn_end
