import math
import re
from statistics import fmean

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.fusion.probabilities import read_answer
from spacy_el4ner.fusion.readings import LLMReading
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.types import Answer, DecodeRequest, Mention, Window
from tests.strategies import make_window, quick, sentence, separate_mentions, windows
from tests.teacher import teacher_forced
from tests.tiny import LABELS, save_family
from tests.tiny_tokenizers import TEXTS

FORMAT = InlineTags(("NG", "NR"))
PAPER = make_window(*"楚使怒去，归告怀王。", gap="")


def answered(*tokens):
    """An answer of tokens and their probabilities; one without has 1."""
    pairs = [(t, 1.0) if isinstance(t, str) else t for t in tokens]
    text, offsets = "", []
    for token, _ in pairs:
        offsets.append(len(text) + (len(token) - len(token.lstrip())))
        text += token
    return Answer(text, tuple(offsets), tuple(math.log(p) for _, p in pairs))


def read(answer, window, format=FORMAT):
    return read_answer(answer, format.parse(answer.text, window), window)


def paper(**changed):
    p = {"告": 0.9, "<": 0.8, "NR": 0.6, "王": 0.7, "</": 0.5, **changed}
    first = [("<", 0.95), ("NG", 0.85), ">", "楚", ("</", 0.75), "NG", ">"]
    rest = [("告", p["告"]), ("<", p["<"]), ("NR", p["NR"]), ">", "怀", ("王", p["王"])]
    return answered(*first, *"使怒去，归", *rest, ("</", p["</"]), "NR", ">", "。")


def test_the_example_of_the_paper():
    """`<NG>楚</NG>使怒去，归告<NR>怀王</NR>。`: the mean over 告, <, 王 and </."""
    chu, huai = read(paper(), PAPER).mentions
    assert huai.mention == Mention(7, 9, "NR")
    assert huai.boundary == pytest.approx((0.9 + 0.8 + 0.7 + 0.5) / 4)
    assert huai.category == pytest.approx(0.6)
    assert chu.category == pytest.approx(0.85)


def test_at_the_very_start_no_token_stands_before_the_opening_tag():
    """<, 楚 and </ are left."""
    chu, _ = read(paper(), PAPER).mentions
    assert chu.boundary == pytest.approx((0.95 + 1 + 0.75) / 3)


def test_the_token_after_the_opening_sign_says_nothing_of_the_boundary():
    before, after = (read(paper(NR=p), PAPER).mentions[1] for p in (0.6, 0.1))
    assert before.boundary == after.boundary
    assert after.category == pytest.approx(0.1)


def test_a_tag_that_is_one_token_is_both():
    answer = answered(("Ann", 0.9), (" <NR>", 0.8), ("Lee", 0.7), ("</NR>", 0.6))
    (lee,) = read(answer, sentence("Ann Lee")).mentions
    assert lee.category == pytest.approx(0.8)
    assert lee.boundary == pytest.approx(fmean([0.9, 0.8, 0.7, 0.6]))


def test_a_token_may_hold_the_sign_and_letters():
    answer = answered(("<N", 0.8), ("R>", 0.7), ("王", 0.9), ("</N", 0.6), "R>")
    (king,) = read(answer, make_window("王")).mentions
    assert king.category == pytest.approx(0.8)
    assert king.boundary == pytest.approx(fmean([0.8, 0.9, 0.6]))


def test_a_token_that_holds_two_of_the_four_places_counts_once():
    answer = answered(("归告<", 0.8), ("NR>怀", 0.7), ("王</", 0.6), ("NR>。", 0.5))
    (king,) = read(answer, make_window(*"归告怀王。", gap="")).mentions
    assert king.boundary == pytest.approx((0.8 + 0.6) / 2)
    assert king.category == pytest.approx(0.7)


def test_the_bytes_of_a_character_count_as_one_token():
    texts = [("归", 1.0), ("<", 0.5), ("NR", 1.0), (">", 1.0), ("王", 0.8), ("</", 0.5), ("NR>", 1.0)]
    whole = answered(*texts)
    at = whole.text.index("王")
    n = whole.offsets.index(at)
    offsets = (*whole.offsets[:n], at, at, *whole.offsets[n:])
    logprobs = (*whole.logprobs[:n], math.log(0.9), math.log(0.5), *whole.logprobs[n:])
    (king,) = read(Answer(whole.text, offsets, logprobs), make_window(*"归王", gap="")).mentions
    assert king.boundary == pytest.approx(fmean([1.0, 0.5, 0.9 * 0.5 * 0.8, 0.5]))


def test_a_token_that_was_copied_has_the_probability_of_its_copy():
    answer = answered(
        ("Os", 0.9), ("lo", 0.5), (" is", 0.4), (" <", 0.8), "NR", ">", "Lee", "</", "NR>"
    )
    reading = read(answer, sentence("Oslo is Lee"))
    assert reading.copied == pytest.approx((0.45, 0.4, 1 - 0.8))


def test_adjacent_entities_have_the_end_of_the_other_tag_before_them():
    tokens = ["<", "NR", ">", "王", "</", "NR", (">", 0.3), ("<", 0.7), "NG", ">", "楚", "</", "NG>"]
    _, chu = read(answered(*tokens), make_window(*"王楚", gap="")).mentions
    assert chu.boundary == pytest.approx(fmean([0.3, 0.7, 1, 1]))


def test_an_answer_without_probabilities_is_estimated():
    reading = read(Answer(FORMAT.render(PAPER, [Mention(7, 9, "NR")])), PAPER)
    (huai,) = reading.mentions
    assert reading.estimated
    assert huai.category == huai.boundary == 0.5
    assert set(reading.copied) == {0.5}
    assert not read(paper(), PAPER).estimated


def test_a_backend_that_failed_is_a_reading_without_mentions():
    assert read(Answer("", error="timeout"), PAPER) == LLMReading(error="timeout")


def test_a_free_answer_is_read_as_far_as_it_goes():
    """The model said a word of its own, and left one out."""
    window = sentence("Ann Lee left Oslo")
    answer = answered(
        "Well", (" Ann", 0.9), (" <", 0.8), ("NR", 0.7), ">", ("Lee", 0.6), "</", "NR>", " Oslo"
    )
    reading = read(answer, window)
    (lee,) = reading.mentions
    assert lee.mention == Mention(4, 7, "NR")
    assert lee.boundary == pytest.approx(fmean([0.9, 0.8, 0.6, 1]))
    assert reading.copied == pytest.approx((0.9, 1 - 0.8, 0.5, 1.0))


def test_half_a_token_that_a_free_answer_tags_is_the_token():
    window = sentence("Anna left")
    reading = read(answered("<", "NR", ">", "Ann", "</", "NR>", "a left"), window)
    assert [m.mention for m in reading.mentions] == [Mention(0, 4, "NR")]


def test_two_halves_of_a_token_are_one_mention():
    answer = answered("<NR>", "An", "</NR>", "<NG>", "na", "</NG>", " left")
    assert [m.mention for m in read(answer, sentence("Anna left")).mentions] == [Mention(0, 4, "NR")]


@quick
@given(st.data())
def test_any_answer_in_any_tokens_is_read(data):
    """Whatever the tokens, probabilities are between 0 and 1, and one a token of the window."""
    window = data.draw(windows())
    expected = data.draw(separate_mentions(window, FORMAT.labels))
    text = FORMAT.render(window, expected)
    cuts = data.draw(st.sets(st.integers(1, max(1, len(text) - 1)), max_size=12))
    places = sorted({0, *cuts} - {len(text)})
    logprobs = data.draw(
        st.lists(st.floats(-50, 0), min_size=len(places), max_size=len(places)).map(tuple)
    )
    reading = read(Answer(text, tuple(places), logprobs), window)
    assert [m.mention for m in reading.mentions] == expected
    assert len(reading.copied) == len(window.tokens)
    given = [p for m in reading.mentions for p in (m.category, m.boundary)]
    assert all(0 <= p <= 1 for p in (*reading.copied, *given))


@quick
@given(windows(), st.text("ab魏<>/NRG \n", max_size=30))
def test_any_free_answer_is_read(window, text):
    reading = read(Answer(text, tuple(range(len(text))), (-0.5,) * len(text)), window)
    ends = [m.mention.end for m in reading.mentions]
    assert all(m.mention.start >= end for m, end in zip(reading.mentions[1:], ends, strict=False))
    assert len(reading.copied) == len(window.tokens)


def by_options(tokens, path, taught):
    """Label, category and boundary probability of each mention, by the options of the path.

    In these families "<" is a token of its own, behind a space or not, and so is ">".
    """
    found, before, at = [], None, 0
    for option in path:
        ids = tokens.piece(option)
        p, at = taught[at : at + len(ids)], at + len(ids)
        if option.lstrip().startswith("</"):
            label, category, four = found[-1]
            found[-1] = (label, category, fmean([*four, before, p[0]]))
        elif option.lstrip().startswith("<"):
            sign = next(n for n in range(len(ids)) if "<" in tokens.tokenizer.decode(ids[: n + 1]))
            four = [math.prod(p[: sign + 1])] if before is None else [before, math.prod(p[: sign + 1])]
            found.append((option.strip(" <>"), p[sign + 1], four))
        # A single character may be several bytes.
        before = math.prod(p) if len(option.strip()) == 1 else p[-1]
    return found


@pytest.mark.filterwarnings("ignore:.WL004")
@pytest.mark.parametrize("family", ["compact", "qwen2", "mistral"])
def test_probabilities_are_those_of_a_plain_pass(family, tmp_path):
    """Each token of the answer by a teacher-forced pass, found again by the options it belongs to."""
    backend = HFBackend(str(save_family(tmp_path / family, family)))
    format = InlineTags(tuple(LABELS), max_tokens=4)
    template = PromptTemplate("en", format)
    seen = 0
    for text in (*TEXTS[:2], TEXTS[3]):
        pattern = r"\S" if "魏" in text else r"\S+"
        w = Window(text, 0, tuple(m.span() for m in re.finditer(pattern, text)))
        request = DecodeRequest(template.extraction(w, (), LABELS), format.grammar(w))
        (answer,) = backend.decode([request])
        taught = [math.exp(p) for p, _ in teacher_forced(backend, request, answer)]
        reading = read(answer, w, format)
        path = format.path(w, [m.mention for m in reading.mentions])
        assert "".join(path) == answer.text
        expected = by_options(backend.tokens, path, taught)
        assert len(reading.mentions) == len(expected)
        for found, (label, category, boundary) in zip(reading.mentions, expected, strict=True):
            assert found.mention.label == label
            assert found.category == pytest.approx(category, abs=1e-4)
            assert found.boundary == pytest.approx(boundary, abs=1e-4)
        seen += len(expected)
    assert seen
