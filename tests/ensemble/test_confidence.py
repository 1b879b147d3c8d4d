import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.ensemble.confidence import confidence
from spacy_el4ner.types import Verdict, Vote
from tests.strategies import quick

share = st.floats(0, 1)
votes = st.lists(share.map(lambda p: Vote("a", "ORG", p, {"ORG": p, "": 1 - p})), max_size=6)
verdicts = st.one_of(st.none(), share.map(lambda p: Verdict("a", p > 0.5, p)))


@quick
@given(votes, verdicts)
def test_confidence_lies_between_0_and_1(given_votes, verdict):
    assert 0.0 <= confidence("ORG", given_votes, verdict) <= 1.0


def test_confidence_is_the_mean_of_the_votes_for_the_label_and_the_verdict():
    given_votes = [
        Vote("a", "ORG", 0.8, {"ORG": 0.8}),
        Vote("b", "GPE", 0.7, {"ORG": 0.1, "GPE": 0.7}),
    ]
    assert confidence("ORG", given_votes, None) == pytest.approx(0.45)
    assert confidence("ORG", given_votes, Verdict("a", True, 0.9)) == pytest.approx(0.6)


def test_a_vote_that_does_not_know_the_label_gives_it_nothing():
    assert confidence("ORG", [Vote("a", "GPE", 1.0, {"GPE": 1.0})], None) == 0.0


def test_without_opinions_there_is_no_confidence():
    assert confidence("ORG", [], None) == 0.0
