from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.ensemble.vote import MajorityVote, ProbabilityVote, SingleVote
from spacy_el4ner.types import Vote
from tests.strategies import quick

LABELS = ("PERSON", "ORG", "GPE")


def vote(voter, label, **probabilities):
    none = probabilities.pop("none", 0.0)
    return Vote(voter, label, 0.5, {**probabilities, "": none})


@st.composite
def votes(draw):
    share = st.floats(0, 1)
    return [
        Vote(
            f"b{n}",
            draw(st.sampled_from(["", *LABELS])),
            0.5,
            {label: draw(share) for label in ["", *LABELS]},
        )
        for n in range(draw(st.integers(1, 6)))
    ]


def test_the_type_with_most_votes_wins():
    given_votes = [
        vote("a", "ORG", ORG=0.4, PERSON=0.3),
        vote("b", "PERSON", PERSON=0.99),
        vote("c", "ORG", ORG=0.4, PERSON=0.3),
    ]
    assert MajorityVote()(given_votes, LABELS) == "ORG"


def test_no_entity_is_a_vote_like_any_other():
    given_votes = [vote("a", "", none=0.4), vote("b", "", none=0.4), vote("c", "ORG", ORG=1.0)]
    assert MajorityVote()(given_votes, LABELS) == ""


def test_a_tie_goes_to_the_higher_summed_probability():
    tied = [vote("a", "PERSON", PERSON=0.5, GPE=0.1), vote("b", "GPE", PERSON=0.1, GPE=0.6)]
    assert MajorityVote()(tied, LABELS) == "GPE"


def test_a_tie_in_probability_goes_to_the_first_label():
    tied = [vote("a", "GPE", GPE=0.5), vote("b", "ORG", ORG=0.5)]
    assert MajorityVote()(tied, LABELS) == "ORG"
    assert MajorityVote()(tied, tuple(reversed(LABELS))) == "GPE"


def test_a_tie_with_no_entity_goes_to_the_label():
    tied = [vote("a", "", none=0.5), vote("b", "GPE", GPE=0.5)]
    assert MajorityVote()(tied, LABELS) == "GPE"


def test_sums_that_differ_by_rounding_alone_are_a_tie():
    tied = [
        vote("a", "ORG", ORG=0.1, PERSON=0.3),
        vote("b", "ORG", ORG=0.2, PERSON=0.0),
        vote("c", "PERSON"),
        vote("d", "PERSON"),
    ]
    assert MajorityVote()(tied, LABELS) == "PERSON"


def test_without_votes_there_is_no_majority_for_no_entity():
    assert MajorityVote()([], ()) == ""


@quick
@given(st.data(), votes())
def test_the_order_of_the_voters_decides_nothing(data, given_votes):
    shuffled = data.draw(st.permutations(given_votes))
    assert MajorityVote()(shuffled, LABELS) == MajorityVote()(given_votes, LABELS)


def test_the_order_of_summation_decides_nothing():
    ours = [vote(f"a{n}", "ORG", ORG=p) for n, p in enumerate((0.498, 0.415, 0.9410000005))]
    theirs = [vote(f"b{n}", "PERSON", PERSON=p) for n, p in enumerate((0.854, 1.0, 0.0))]
    assert MajorityVote()(ours + theirs, LABELS) == MajorityVote()(ours[::-1] + theirs, LABELS)


@quick
@given(votes())
def test_the_winner_has_as_many_votes_as_any_other(given_votes):
    counts = {label: sum(v.label == label for v in given_votes) for label in ["", *LABELS]}
    assert counts[MajorityVote()(given_votes, LABELS)] == max(counts.values())


@pytest.mark.parametrize(("voter", "label"), [("a", "ORG"), ("b", ""), ("down", "ORG")])
def test_a_single_vote_is_that_of_its_voter(voter, label):
    given_votes = [vote("a", "ORG", ORG=0.5), vote("b", "", none=0.5)]
    assert SingleVote(voter)(given_votes, LABELS) == label


def test_one_sure_voter_outweighs_two_wavering_ones():
    given_votes = [
        vote("a", "ORG", ORG=0.98, GPE=0.02),
        vote("b", "GPE", ORG=0.45, GPE=0.55),
        vote("c", "GPE", ORG=0.4, GPE=0.6),
    ]
    assert ProbabilityVote()(given_votes, LABELS) == "ORG"
    assert MajorityVote()(given_votes, LABELS) == "GPE"


@quick
@given(st.data(), votes())
def test_the_order_of_the_voters_decides_no_sum(data, given_votes):
    shuffled = data.draw(st.permutations(given_votes))
    assert ProbabilityVote()(shuffled, LABELS) == ProbabilityVote()(given_votes, LABELS)


@quick
@given(st.lists(st.sampled_from(["", *LABELS]), min_size=1, max_size=7))
def test_without_probabilities_the_sum_is_a_majority(chosen):
    given_votes = [Vote(f"b{n}", label, 1.0, {label: 1.0}) for n, label in enumerate(chosen)]
    assert ProbabilityVote()(given_votes, LABELS) == MajorityVote()(given_votes, LABELS)


def test_who_extracted_the_span_counts_as_much_as_is_set():
    unsure = [
        replace(vote("a", "", GPE=0.45, none=0.55), extracted=True),
        replace(vote("b", "", GPE=0.45, none=0.55), extracted=True),
        vote("c", "GPE", GPE=0.55, none=0.45),
    ]
    assert ProbabilityVote()(unsure, LABELS) == ""
    assert ProbabilityVote(extraction=0.5)(unsure, LABELS) == "GPE"
    found_by_none = [replace(v, extracted=False) for v in unsure]
    assert ProbabilityVote(extraction=0.5)(found_by_none, LABELS) == ""


@quick
@given(votes(), st.floats(0, 2))
def test_who_extracted_the_span_says_nothing_of_its_type(given_votes, weight):
    wanted = [replace(v, probabilities={**v.probabilities, "": 0.0}) for v in given_votes]
    by_all = [replace(v, extracted=True) for v in wanted]
    assert ProbabilityVote(weight)(by_all, LABELS) == ProbabilityVote()(wanted, LABELS)


def test_equal_sums_go_to_the_first_label_and_no_entity_last():
    assert ProbabilityVote()([vote("a", "ORG", ORG=0.5, GPE=0.5)], LABELS) == "ORG"
    assert ProbabilityVote()([vote("a", "", none=0.5, GPE=0.5)], LABELS) == "GPE"
