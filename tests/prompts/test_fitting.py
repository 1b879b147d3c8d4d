import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.prompts.fitting import ANSWER_MARGIN, PromptPlan, fit, fits
from tests.strategies import make_shot, make_window, quick, sentence, windows

SHOWN = tuple(make_shot(sentence(text), id=text) for text in ("near by", "less near", "far off now"))
WINDOW = sentence("a b c d")


def characters(window, demonstrations):
    """A prompt that is the demonstrations and the window, and an answer of no length."""
    return len(window.text) + sum(len(d.window.text) for d in demonstrations)


def plan(window, demonstrations, room, **order):
    return fit(window, demonstrations, characters, room + ANSWER_MARGIN, **order)


@pytest.mark.parametrize("kept", [0, 1, 2, 3])
def test_the_least_similar_demonstrations_are_dropped_first(kept):
    room = characters(WINDOW, SHOWN[:kept])
    assert plan(WINDOW, SHOWN, room) == [PromptPlan(WINDOW, SHOWN[:kept][::-1], 3 - kept)]


@pytest.mark.parametrize(("last", "shown"), [(True, SHOWN[::-1]), (False, SHOWN)])
def test_the_most_similar_demonstration_is_last_or_first(last, shown):
    assert plan(WINDOW, SHOWN, 999, most_similar_last=last)[0].demonstrations == shown


def test_a_window_is_cut_where_it_does_not_fit_alone():
    parts = plan(WINDOW, SHOWN, len(WINDOW.text) - 1)
    assert [part.window.text for part in parts] == ["a b", "c d"]
    assert [part.dropped for part in parts] == [3, 0]
    assert all(part.cut and not part.unread and not part.demonstrations for part in parts)


def test_a_token_that_does_not_fit_is_unread():
    parts = plan(make_window("a", "Constantinople"), (), 3)
    assert [(part.window.text, part.unread) for part in parts] == [
        ("a", False),
        ("Constantinople", True),
    ]


@quick
@given(windows(), st.integers(0, 40))
def test_every_plan_fits_but_for_unread_tokens(window, room):
    for part in plan(window, SHOWN, room):
        assert part.unread != fits(part.window, part.demonstrations, characters, room + ANSWER_MARGIN)


@quick
@given(windows(), st.integers(0, 40))
def test_the_plans_hold_every_token_once(window, room):
    found = [
        (start + part.window.start, end + part.window.start)
        for part in plan(window, SHOWN, room)
        for start, end in part.window.tokens
    ]
    assert found == [(start + window.start, end + window.start) for start, end in window.tokens]
