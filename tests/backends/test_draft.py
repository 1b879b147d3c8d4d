import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.decoding import draft as drafts
from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.decoding.draft import LONGEST, Drafter
from spacy_el4ner.formats import InlineTags
from tests.strategies import make_window, quick, windows

END = 0


def start(window):
    return TokenAutomaton(InlineTags().grammar(window), lambda s: tuple(map(ord, s)), END)


def rate(drafter, draft, pending):
    """Expected tokens of a pass over its cost, as the docstring of `Drafter.draft` has it."""
    survival, expected = 1.0, 1.0
    for place in draft.places[:-1]:
        survival *= 1 - drafter._leaving(place)
        expected += survival
    return expected / (drafter.pass_cost + pending + len(draft.tokens))


@quick
@given(windows().filter(lambda w: "<" not in w.text), st.integers(1, 300))
def test_a_draft_copies_the_text_from_where_the_answer_is(window, cost):
    draft = Drafter(cost).draft(start(window), 1)
    assert window.text.startswith("".join(map(chr, draft.tokens)))


@quick
@given(windows(), st.integers(1, 300), st.integers(1, 300))
def test_a_draft_is_never_expected_to_be_slower_than_one_token(window, cost, pending):
    drafter = Drafter(cost)
    draft = drafter.draft(start(window), pending)
    assert rate(drafter, draft, pending) >= 1 / (cost + pending) - 1e-12


def test_a_long_prompt_makes_it_worth_to_verify_the_whole_text_at_once():
    window = make_window("Ann", "met", "Bob", "in", "the", "park")
    draft = Drafter(8, {}).draft(start(window), 400)
    assert draft.places[-1].allowed == ()


def test_a_draft_stops_before_a_place_that_the_model_will_leave():
    window = make_window("then", "Ann", "met", "nobody", "at", "all")
    place = start(window)
    drafter = Drafter(8)
    for token in map(ord, "then "):
        drafter.learn(place, 0.01)
        place = place.step(token)
    drafter.learn(place, 0.95)  # " A" or " <"
    assert "".join(map(chr, drafter.draft(start(window), 1).tokens)) == "then "


def test_what_was_learnt_without_tags_holds_after_one():
    window = make_window("Ann", "met", "Bob")
    drafter = Drafter(8)
    plain = start(window)
    for token in map(ord, "Ann met "):
        plain = plain.step(token)
    drafter.learn(plain, 0.9)
    tagged = start(window)
    for token in map(ord, "<e>Ann</e> met "):
        tagged = tagged.step(token)
    assert drafter._leaving(tagged) == pytest.approx(0.9)


def test_a_draft_has_an_end(monkeypatch):
    monkeypatch.setattr(drafts, "UNKNOWN", 0.0)
    window = make_window(*["word"] * (LONGEST // 4))
    assert len(Drafter(10**6).draft(start(window), 1).tokens) == LONGEST
