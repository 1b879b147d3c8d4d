"""What is said of the reliability of voters."""

import pytest

from spacy_el4ner.ensemble.reliability_vote import ReliabilityVote
from spacy_el4ner.pipeline.trust import trust
from spacy_el4ner.pipeline.tuned import Tuning
from tests.ensemble.test_reliability_vote import spans
from tests.tuning.test_vote_rule import ensemble


def step(with_, without, choice):
    return {"name": "votes", "voter": "sure", "with": with_, "without": without, "choice": choice}


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        ([], ""),
        ([step(0.62, 0.6, "votes")], "; dropping it would cost 2.0 points of F1"),
        ([step(0.6, 0.601, "votes")], "; dropping it would bring 0.1 points of F1"),
        ([step(0.6, 0.62, "does not vote")], "; does not vote: it cost 2.0 points of F1"),
    ],
)
def test_what_dropping_a_voter_costs_is_said_only_where_it_was_measured(steps, said):
    _, component = ensemble()
    rule = ReliabilityVote().fit(*spans(), list(component.labels))
    component.apply(Tuning(vote_rules={"reliability": rule.parameters}, report={"steps": steps}))
    assert trust(component)["sure"] == rule.remarks()["sure"] + said
    assert trust(component)["b"] == rule.remarks()["b"]
