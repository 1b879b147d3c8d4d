"""The choice of voters and verifiers, from recorded answers."""

from dataclasses import replace

import pytest
import spacy

from spacy_el4ner.ensemble.tasks import Task
from spacy_el4ner.ensemble.vote import ProbabilityVote
from spacy_el4ner.text.windows import cut
from spacy_el4ner.tuning.replay import ReplayedVoter, Sentences
from spacy_el4ner.tuning.sample import LabelledWindow
from spacy_el4ner.tuning.verification import fit_verification
from spacy_el4ner.tuning.votes import choose_voters
from spacy_el4ner.types import Candidate
from spacy_el4ner.voters.base import Ballot, Proposals

SURE = Ballot({"A": 0.9, "": 0.1})
AGAINST = Ballot({"A": 0.0, "": 1.0})
RIGHT, WRONG = (0, 3), (4, 7)


@pytest.fixture(scope="module")
def sentences():
    """Twenty sentences, in each of which the first word is an entity."""
    nlp = spacy.blank("en")
    sample = []
    for n in range(20):
        doc = nlp.make_doc("Ann met nobody")
        window = replace(cut(doc, 1)[0], document=n)
        sample.append(LabelledWindow(doc, window, {RIGHT: "A"}, frozenset()))
    tasks = [Task(one.window) for one in sample]
    return Sentences(sample, tasks, {"A": ""}, ProbabilityVote())


def voter(proposes, ballots):
    return ReplayedVoter(
        {n: Proposals(dict.fromkeys(proposes(n), 0.5)) for n in range(20)},
        {(n, span): ballots(span) for n in range(20) for span in (RIGHT, WRONG)},
    )


def knows(span):
    return SURE if span == RIGHT else AGAINST


def test_a_voter_that_misleads_does_not_vote(sentences):
    good = voter(lambda n: [RIGHT], knows)
    bad = voter(lambda n: [WRONG], lambda span: Ballot({"A": 1.0, "": 0.0}))
    kept, steps = choose_voters(sentences, {"good": good, "bad": bad})
    assert list(kept) == ["good"]
    (row,) = [step for step in steps if step.voter == "bad"]
    assert (row.without, row.choice) == (1.0, "does not vote")
    assert row.with_ < 1.0
    assert list(choose_voters(sentences, {"good": good})[0]) == ["good"]


def test_voters_that_find_different_entities_both_vote(sentences):
    even = voter(lambda n: [RIGHT] if n % 2 else [], lambda span: SURE)
    odd = voter(lambda n: [] if n % 2 else [RIGHT], lambda span: SURE)
    kept, steps = choose_voters(sentences, {"even": even, "odd": odd})
    assert list(kept) == ["even", "odd"]
    assert {step.choice for step in steps} == {"votes"}
    assert all(step.without < step.with_ for step in steps)


def test_a_voter_that_is_needed_stays(sentences):
    good = voter(lambda n: [RIGHT], lambda span: SURE)
    bad = voter(lambda n: [WRONG], lambda span: Ballot({"A": 1.0, "": 0.0}))
    assert list(choose_voters(sentences, {"good": good, "bad": bad}, ["bad"])[0]) == ["good", "bad"]


def candidates():
    return [Candidate(*span, "A", document=n) for n in range(20) for span in (RIGHT, WRONG)]


def test_a_verifier_that_tells_right_from_wrong_verifies(sentences):
    answers = {
        "noise": [0.5] * 40,
        "reluctant": [0.2 if (c.start, c.end) == RIGHT else 0.05 for c in candidates()],
    }
    fitted = fit_verification(sentences, candidates(), answers, {"noise": True, "reluctant": True})
    assert fitted.verifier == "reluctant"
    assert fitted.useful
    assert list(fitted.offsets) == ["reluctant"]
    assert 1.4 < fitted.offsets["reluctant"] < 2.9
    assert fitted.f1 == 1.0


def test_verification_that_does_not_help_is_off(sentences):
    fitted = fit_verification(sentences, candidates(), {"noise": [0.5] * 40}, {"noise": True})
    assert (fitted.verifier, fitted.useful, fitted.offsets) == (None, False, {})


def test_too_few_wrong_candidates_leave_verification_as_it_is(sentences):
    right = [c for c in candidates() if (c.start, c.end) == RIGHT]
    fitted = fit_verification(sentences, right, {"any": [0.1] * 20}, {"any": True})
    assert fitted.useful
    assert "as set" in fitted.steps[0].choice


def test_where_it_is_not_known_which_candidates_remain_no_confidence_is_fitted_to_them(sentences):
    right = [c for c in candidates() if (c.start, c.end) == RIGHT]
    assert fit_verification(sentences, right, {"any": [0.1] * 20}, {"any": True}).confirmed == ()
