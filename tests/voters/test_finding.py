"""Voters that find typed spans by themselves."""

import math

import pytest

from spacy_el4ner.voters.base import ABSTAIN
from spacy_el4ner.voters.finding import FindingVoter, TypedSpan
from tests.strategies import sentence

LABELS = {"PERSON": "", "LOC": ""}
BONN = sentence("Ann Lee saw Bonn")


class Scripted(FindingVoter):
    def __init__(self, *spans, own=(), **settings):
        super().__init__(**settings)
        self.spans = [TypedSpan(*span) for span in spans]
        self.own = own
        self.windows = 0

    @property
    def identity(self):
        return "scripted"

    def own_labels(self):
        return self.own

    def find(self, windows, labels):
        self.windows += len(windows)
        return [self.spans for _ in windows]


def proposed(voter, window=BONN):
    return voter.propose([window], [()], LABELS)[0]


def ballots(voter, *spans, window=BONN):
    return voter.classify([window], [spans], [()], LABELS)[0]


def test_a_span_that_was_found_is_proposed_and_voted_for():
    voter = Scripted((12, 16, "LOC", 0.75))
    assert proposed(voter).spans == {(12, 16): 0.75}
    assert ballots(voter, (12, 16))[0].probabilities == {"LOC": 0.75, "": 0.25}


def test_without_a_probability_the_vote_is_whole_and_says_that_it_is_an_estimate():
    voter = Scripted((12, 16, "LOC"))
    assert math.isnan(proposed(voter).spans[12, 16])
    (ballot,) = ballots(voter, (12, 16))
    assert (ballot.probabilities, ballot.estimated) == ({"LOC": 1.0}, True)


def test_on_other_spans_the_voter_abstains():
    assert ballots(Scripted((12, 16, "LOC")), (0, 7), (0, 3)) == [ABSTAIN, ABSTAIN]


def test_an_exhaustive_voter_votes_against_other_spans():
    (ballot,) = ballots(Scripted((12, 16, "LOC"), exhaustive=True), (0, 7))
    assert ballot.probabilities == {"": 1.0}


def test_a_label_is_mapped_to_the_one_of_the_ensemble():
    voter = Scripted((12, 16, "GPE", 0.5), label_map={"GPE": "LOC"})
    assert ballots(voter, (12, 16))[0].probabilities == {"LOC": 0.5, "": 0.5}


@pytest.mark.parametrize("label_map", [{}, {"FAC": None}])
def test_a_label_that_the_ensemble_lacks_is_no_vote_against_the_span(label_map):
    voter = Scripted((12, 16, "FAC", 0.9), label_map=label_map)
    assert proposed(voter).spans == {}
    assert ballots(voter, (12, 16)) == [ABSTAIN]


def test_two_labels_of_one_span_share_its_probability():
    voter = Scripted((12, 16, "LOC", 0.9), (12, 16, "PERSON", 0.6))
    probabilities = ballots(voter, (12, 16))[0].probabilities
    assert probabilities == pytest.approx({"LOC": 0.6, "PERSON": 0.4, "": 0.0})


def test_two_of_its_labels_that_are_one_of_the_ensemble_count_once():
    voter = Scripted((12, 16, "GPE", 0.5), (12, 16, "FAC", 0.7), label_map={"GPE": "LOC", "FAC": "LOC"})
    assert ballots(voter, (12, 16))[0].probabilities == pytest.approx({"LOC": 0.7, "": 0.3})


def test_overlapping_spans_are_all_proposed():
    voter = Scripted((0, 3, "PERSON", 0.5), (0, 7, "PERSON", 0.4))
    assert proposed(voter).spans == {(0, 3): 0.5, (0, 7): 0.4}


def test_half_a_token_is_widened_to_the_whole():
    assert proposed(Scripted((4, 6, "PERSON", 0.5))).spans == {(4, 7): 0.5}


@pytest.mark.parametrize("span", [(12, 17), (-1, 3), (3, 3), (5, 4), (90, 95)])
def test_a_span_that_is_not_in_the_text_is_counted_and_costs_no_other(span):
    proposals = proposed(Scripted((*span, "LOC", 0.5), (0, 7, "PERSON", 0.5)))
    assert (proposals.spans, proposals.unaligned) == ({(0, 7): 0.5}, 1)


def test_a_window_is_read_once_a_batch():
    voter = Scripted((12, 16, "LOC", 0.75))
    proposed(voter)
    ballots(voter, (12, 16))
    assert voter.windows == 1
    voter.forget()
    proposed(voter)
    assert voter.windows == 2


def test_with_other_labels_a_window_is_read_again():
    voter = Scripted((12, 16, "LOC", 0.75))
    proposed(voter)
    voter.propose([BONN], [()], {"LOC": "places"})
    assert voter.windows == 2


class TestCheck:
    def test_a_map_into_a_label_that_the_ensemble_lacks_is_refused(self):
        with pytest.raises(ValueError, match=r"\[EL340\].*scripted.*PLACE.*PERSON, LOC"):
            Scripted(label_map={"GPE": "PLACE"}).check(LABELS)

    def test_a_map_from_a_label_that_the_voter_lacks_is_refused(self):
        with pytest.raises(ValueError, match=r"\[EL341\].*GPA.*GPE"):
            Scripted(own=["GPE"], label_map={"GPA": "LOC"}).check(LABELS)

    @pytest.mark.parametrize("label_map", [{}, {"GPE": None}])
    def test_a_voter_without_a_label_of_the_ensemble_is_refused(self, label_map):
        with pytest.raises(ValueError, match=r"\[EL342\].*GPE.*PERSON, LOC.*label_map"):
            Scripted(own=["GPE"], label_map=label_map).check(LABELS)

    @pytest.mark.parametrize("own", [(), ("GPE", "PERSON")])
    def test_one_label_in_common_will_do(self, own):
        Scripted(own=own, label_map={"GPE": "LOC"} if own else {}).check(LABELS)


def test_another_thread_may_forget_meanwhile():
    class Forgetful(Scripted):
        def _mapped(self, label, labels):
            self.forget()
            return super()._mapped(label, labels)

    windows = [BONN, sentence("Ann Lee left Bonn")]
    proposals = Forgetful((0, 7, "PERSON", 0.75)).propose(windows, [(), ()], LABELS)
    assert [p.spans for p in proposals] == [{(0, 7): 0.75}] * 2
