"""Mentions whose beginning and end are decided by themselves."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.types import Demonstration, Mention
from spacy_el4ner.voters.prompted.calibration import VoterCalibration
from spacy_el4ner.voters.prompted.openings import follow, marks_a_copy, openings
from spacy_el4ner.voters.prompted.voter import PromptedVoter
from tests.backends.test_hf import WINDOWS
from tests.strategies import make_window, sentence, windows
from tests.tiny import LABELS, save_compact

NONE = [()] * len(WINDOWS)
SHOWN = [(Demonstration("d", WINDOWS[1], (Mention(0, 3, "PERSON"),)),)] * len(WINDOWS)


@pytest.fixture(scope="module")
def backend(tmp_path_factory):
    return HFBackend(str(save_compact(tmp_path_factory.mktemp("compact"), 3)))


def voter(backend, format=None, one_by_one=True, zero_shot=None, **offsets):
    made = PromptedVoter(backend, "compact/marked", format)
    made.calibrate(VoterCalibration(offsets, zero_shot or {}, one_by_one))
    return made


def proposed(voter, shown=SHOWN, windows=WINDOWS):
    return voter.propose(windows, shown[: len(windows)], LABELS)


def test_nothing_is_proposed_where_no_opening_is_likely(backend):
    assert not any(p.spans for p in proposed(voter(backend, open=-50.0)))


def test_every_token_is_proposed_where_each_opens_and_ends(backend):
    for proposals, window in zip(proposed(voter(backend, open=50.0, close=50.0)), WINDOWS, strict=True):
        assert tuple(proposals.spans) == window.tokens


def test_mentions_that_never_end_are_as_long_as_the_format_allows(backend):
    never = voter(backend, InlineTags(max_tokens=2), open=50.0, close=-50.0)
    for proposals, window in zip(proposed(never), WINDOWS, strict=True):
        tokens = window.tokens
        assert all((s, e) in {(a[0], b[1]) for a, b in pairwise(tokens)} | {tokens[-1]}
                   for s, e in proposals.spans)  # fmt: skip


def test_the_offsets_are_those_of_prompts_with_or_without_demonstrations(backend):
    either = voter(backend, open=-50.0, zero_shot={"open": 50.0, "close": 50.0})
    assert not any(p.spans for p in proposed(either))
    assert all(p.spans for p in proposed(either, NONE))


def test_where_there_is_but_one_decision_it_is_that_of_an_answer(backend):
    """A text of one token has the same decisions in one answer and one by one."""
    ones = [make_window(token) for token in ("Ann", "Paris", "the")]
    alone, along = (
        proposed(voter(backend, None, mode, open=20.0), windows=ones) for mode in (True, False)
    )
    for a, b in zip(alone, along, strict=True):
        assert a.spans == pytest.approx(b.spans, abs=1e-4)
        assert a.raw == pytest.approx(b.raw, abs=1e-4)
        assert len(a.spans) == 1


@given(st.floats(-1, 8), st.floats(-3, 3))
def test_proposals_do_not_overlap_and_have_probabilities(backend, opening, closing):
    for proposals in proposed(voter(backend, open=opening, close=closing)):
        assert all(a[1] <= b[0] for a, b in pairwise(proposals.spans))
        assert proposals.raw.keys() == proposals.spans.keys()
        assert all(0 < p <= 1 for p in [*proposals.spans.values(), *proposals.raw.values()])


def test_a_place_does_not_depend_on_the_mentions_at_others(backend):
    """A mention that ends at once, proposed from its place alone, is proposed among all others too."""
    everywhere = proposed(voter(backend, open=50.0, close=50.0))
    few = proposed(voter(backend, open=1.0, close=50.0))
    for many, some in zip(everywhere, few, strict=True):
        assert some.raw == pytest.approx({s: many.raw[s] for s in some.spans}, abs=1e-4)


def test_a_format_that_marks_no_copy_is_answered_as_a_whole(backend):
    spans = SpanList(max_tokens=3)
    assert not marks_a_copy(spans, WINDOWS[0])
    alone, along = (proposed(voter(backend, spans, mode, open=1.0)) for mode in (True, False))
    assert alone == along


@given(windows(), st.data())
def test_to_depart_from_the_copy_is_to_mark_a_mention_there(window, data):
    format = InlineTags()
    grammar = format.grammar(window)
    assert follow(grammar) == tuple(format.path(window, []))
    first = data.draw(st.integers(0, len(window.tokens) - 1))
    last = data.draw(st.integers(first, min(first + 15, len(window.tokens) - 1)))
    closing = {last + 2} if last + 1 < len(window.tokens) else set()
    mention = Mention(window.tokens[first][0], window.tokens[last][1])
    assert follow(grammar, {first} | closing) == tuple(format.path(window, [mention]))


def test_the_places_within_a_mention_are_not_judged():
    window = sentence("the Red Sea rose")
    decisions = [ForcedDecision("open", float(n), False, n) for n in range(4)]
    judged = openings(window, decisions, [(4, 11)])
    assert [(d.option, d.departs) for d in judged] == [(0, False), (1, True), (3, False)]


def test_the_decisions_along_a_copy_are_those_at_its_tokens(backend):
    gold = [[window.tokens[0]] for window in WINDOWS]
    asked = voter(backend, one_by_one=False)
    for found, window in zip(
        asked.decisions(WINDOWS, SHOWN, LABELS, gold, one_by_one=True), WINDOWS, strict=True
    ):
        assert [d.option for d in found] == list(range(len(window.tokens)))
        assert [d.departs for d in found] == [True] + [False] * (len(window.tokens) - 1)


def test_prefixes_that_were_read_before_change_no_decision(backend):
    plain = HFBackend(backend.model, prefix_mb=0)
    gold = [[window.tokens[-1]] for window in WINDOWS]
    for _ in range(2):
        shared, whole = (
            voter(b, one_by_one=False).decisions(WINDOWS, SHOWN, LABELS, gold) for b in (backend, plain)
        )
        for a, b in zip(shared, whole, strict=True):
            assert [d.option for d in a] == [d.option for d in b]
            assert [d.log_odds for d in a] == pytest.approx([d.log_odds for d in b], abs=1e-4)
