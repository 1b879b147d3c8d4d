"""Offsets on what constrained decoding decides, and the decisions along a given answer."""

import random
from dataclasses import replace

import pytest

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.types import DecodeRequest, Mention
from tests.backends.test_hf import WINDOWS
from tests.tiny import LABELS, save_compact

FORMATS = [InlineTags(), InlineTags(tuple(LABELS)), SpanList(max_tokens=3)]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return str(save_compact(tmp_path_factory.mktemp("compact"), 3))


def requests(format, **bias):
    template = PromptTemplate("en", format)
    return [
        DecodeRequest(
            template.extraction(w, (), LABELS), format.grammar(w), bias=tuple(sorted(bias.items()))
        )
        for w in WINDOWS
    ]


@pytest.mark.parametrize("format", FORMATS, ids=lambda f: f"{f.name}{len(getattr(f, 'labels', ()))}")
@pytest.mark.parametrize(
    "bias", [{"open": 1.5}, {"open": -0.5, "close": 2.0}, {"close": -1.0}], ids=str
)
def test_draft_verified_answers_are_those_of_the_plain_loop(folder, format, bias):
    plain = HFBackend(folder, decoder="constrained").decode(requests(format, **bias))
    fast = HFBackend(folder).decode(requests(format, **bias))
    assert [a.text for a in fast] == [a.text for a in plain]
    for a, b in zip(fast, plain, strict=True):
        assert a.logprobs == pytest.approx(b.logprobs, abs=1e-4)
        assert a.raw == pytest.approx(b.raw, abs=1e-4)


def test_nothing_is_opened_that_is_forbidden(folder):
    answers = HFBackend(folder).decode(requests(InlineTags(), open=-50.0))
    assert [a.text for a in answers] == [w.text for w in WINDOWS]


def test_everything_is_opened_that_can_be(folder):
    answers = HFBackend(folder).decode(requests(InlineTags(), open=50.0, close=50.0))
    for answer, window in zip(answers, WINDOWS, strict=True):
        found = InlineTags().parse(answer.text, window).mentions
        assert [(m.start, m.end) for m in found] == list(window.tokens)


def test_a_bias_that_changes_no_answer_leaves_the_raw_probabilities(folder):
    plain = HFBackend(folder).decode(requests(InlineTags()))
    biased = HFBackend(folder).decode(requests(InlineTags(), open=1e-3))
    for a, b in zip(plain, biased, strict=True):
        assert a.text == b.text
        assert b.raw == pytest.approx(a.logprobs, abs=1e-4)
        assert b.logprobs != b.raw


def forced(folder, format, draw):
    asked = [
        replace(request, guess=tuple(format.path(window, draw(window))))
        for request, window in zip(requests(format), WINDOWS, strict=True)
    ]
    return HFBackend(folder).force(asked)


def test_the_decisions_along_its_own_answer_are_those_that_a_model_takes(folder):
    format = InlineTags()
    answers = iter(HFBackend(folder).decode(requests(format)))
    own = {w.text: format.parse(next(answers).text, w).mentions for w in WINDOWS}
    decisions = forced(folder, format, lambda w: [Mention(m.start, m.end) for m in own[w.text]])
    assert any(decisions)
    assert all(d.departs == (d.log_odds > 0) for sentence in decisions for d in sentence)


def test_the_decisions_along_any_answer_are_named_and_counted(folder):
    format = InlineTags()
    decisions = forced(folder, format, lambda w: [Mention(*random.Random(w.text).choice(w.tokens))])
    for sentence, window in zip(decisions, WINDOWS, strict=True):
        opens = [d for d in sentence if d.decision == "open"]
        assert len(opens) == len(window.tokens)
        assert sum(d.departs for d in opens) == 1
        assert sum(d.departs for d in sentence if d.decision == "close") <= 1


def test_an_offset_moves_what_is_decided_by_as_much(folder):
    """At the place of the first word, whatever the model thinks of it."""
    format, window = InlineTags(), WINDOWS[0]
    first = forced(folder, format, lambda w: [])[0][0]
    for shift, opened in ((0.01, True), (-0.01, False)):
        answer = HFBackend(folder).decode(requests(format, open=shift - first.log_odds))[0]
        starts = [m.start for m in format.parse(answer.text, window).mentions]
        assert (starts[:1] == [0]) is opened
