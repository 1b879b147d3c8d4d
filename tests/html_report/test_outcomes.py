import hypothesis.strategies as st
import pytest
from hypothesis import given

from spacy_el4ner.html_report.outcomes import OUTCOMES, MentionTally, judge, overlapping
from spacy_el4ner.types import Mention
from tests.strategies import quick

GOLD = [Mention(0, 7, "PERSON"), Mention(10, 14, "ORG")]


@pytest.mark.parametrize(
    ("mention", "outcome"),
    [
        (Mention(0, 7, "PERSON"), "right"),
        (Mention(0, 7, "ORG"), "type"),
        (Mention(4, 7, "PERSON"), "boundary"),
        (Mention(4, 12, "ORG"), "boundary"),
        (Mention(4, 7, "GPE"), "both"),
        (Mention(7, 10, "ORG"), "spurious"),
    ],
)
def test_a_mention_is_judged_by_what_it_overlaps(mention, outcome):
    assert judge(mention, GOLD) == outcome


def test_missed_is_what_nothing_overlaps():
    tally = MentionTally()
    tally.add([Mention(4, 7, "GPE")], GOLD)
    assert tally.missed == {"ORG": 1}
    assert tally.confusion == {("", "GPE"): 1, ("PERSON", ""): 1, ("ORG", ""): 1}


def test_a_model_may_be_right_that_there_is_nothing():
    tally = MentionTally()
    tally.add_answers(
        [("a", Mention(0, 7)), ("a", Mention(0, 4)), ("b", Mention(0, 7, "PERSON"))], GOLD
    )
    assert tally.models == {"a": {"denied": 1, "refused": 1}, "b": {"right": 1}}


@st.composite
def separate(draw):
    places = draw(st.lists(st.integers(0, 20), unique=True, max_size=8).map(sorted))
    labels = st.sampled_from("AB")
    return [Mention(s, e, draw(labels)) for s, e in zip(places[::2], places[1::2], strict=False)]


@quick
@given(separate(), separate())
def test_everything_is_counted_once(found, gold):
    tally = MentionTally()
    tally.add(found, gold)
    by_outcome = [counts[outcome] for counts in tally.outcomes.values() for outcome in OUTCOMES]
    assert sum(by_outcome) == len(found)
    assert tally.gold.total() == len(gold)
    assert sum(n for (g, _), n in tally.confusion.items() if g) == len(gold)
    assert sum(n for (_, f), n in tally.confusion.items() if f) == len(found)
    right = sum(counts["right"] for counts in tally.outcomes.values())
    assert (
        right
        == len(set(found) & set(gold))
        == sum(n for (g, f), n in tally.confusion.items() if g == f)
    )
    assert tally.missed.total() == sum(not overlapping(g, found) for g in gold)
