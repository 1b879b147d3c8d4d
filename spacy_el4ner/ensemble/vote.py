"""Rules that make one label of the votes on a span."""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Protocol, Self, runtime_checkable

from spacy_el4ner.blocks import resolves
from spacy_el4ner.types import Vote


@resolves("el4ner_vote_rules")
@runtime_checkable
class VoteRule(Protocol):
    """Makes one label of the votes on a span."""

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        """votes (Sequence[Vote]): The votes that were cast, at least one. Abstentions are not among
            them.
        labels (Sequence[str]): The labels of the ensemble, in order.
        RETURNS (str): The label decided on, or "" for no entity.
        """
        ...


@runtime_checkable
class FittedVoteRule(VoteRule, Protocol):
    """A vote rule that learns from votes, such as which voter to trust with what.

    name (str): Names its parameters in a saved pipeline.
    """

    name: str

    def fit(
        self, votes: Sequence[Sequence[Vote]], gold: Sequence[str | None], labels: Sequence[str]
    ) -> Self:
        """votes (Sequence[Sequence[Vote]]): The votes on each span.
        gold (Sequence[str | None]): The right label of each, "" for "no entity"; None where it is
            unknown.
        labels (Sequence[str]): The labels of the ensemble, in order.
        RETURNS (FittedVoteRule): A fitted copy.
        """
        ...

    @property
    def parameters(self) -> Mapping[str, Any]:
        """RETURNS (Mapping[str, Any]): What was fitted, as plain data."""
        ...

    def with_parameters(self, parameters: Mapping[str, Any]) -> Self:
        """parameters (Mapping[str, Any]): What `parameters` of a fitted copy returned.
        RETURNS (FittedVoteRule): A copy with these.
        RAISES (ValueError): They do not fit the rule.
        """
        ...

    def remarks(self) -> Mapping[str, str]:
        """RETURNS (Mapping[str, str]): Voter -> what was learnt about it, in words."""
        ...


class MajorityVote:
    """The label that most voters gave. "No entity" is a label like the others here.

    Ties go to the higher summed probability, then to the order of the labels ("no entity" last), and
    never to the order of the voters. (The paper leaves the tie open; this is ours.)
    """

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        """votes (Sequence[Vote]): The votes that were cast.
        labels (Sequence[str]): The labels of the ensemble, in order.
        RETURNS (str): The label decided on, or "" for no entity.
        """
        counts = {label: sum(v.label == label for v in votes) for label in ["", *labels]}
        mass = _mass(votes, labels)
        order = list(mass)
        return max(order, key=lambda label: (counts[label], mass[label], -order.index(label)))


class ProbabilityVote:
    """The label with the highest summed probability: a sure voter counts for more than an unsure one.

    Ties go to the order of the labels. With voters that give no probabilities it is a majority vote.
    (Ours; for voters whose probabilities mean something, such as compact backbones, which are trained
    on the choices that they have.)

    extraction (float): Weight, relative to the probabilities, of whether a voter extracted the span
        itself, which speaks for an entity of any label, or did not, which speaks against one.
    """

    def __init__(self, extraction: float = 0.0):
        self.extraction = extraction

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        """votes (Sequence[Vote]): The votes that were cast.
        labels (Sequence[str]): The labels of the ensemble, in order.
        RETURNS (str): The label decided on, or "" for no entity.
        """
        mass = _mass(votes, labels)
        for label in mass:
            agreeing = sum(vote.extracted is bool(label) for vote in votes)
            mass[label] = round(mass[label] + self.extraction * agreeing, 9)
        order = list(mass)
        return max(order, key=lambda label: (mass[label], -order.index(label)))


class SingleVote:
    """The label that one voter gave: no vote at all, for comparison.

    voter (str): Name of the voter. Where it is down or abstains, the first of the others takes its
        place.
    """

    def __init__(self, voter: str):
        self.voter = voter

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        """votes (Sequence[Vote]): The votes that were cast.
        labels (Sequence[str]): The labels of the ensemble, in order.
        RETURNS (str): The label decided on, or "" for no entity.
        """
        return next((v.label for v in votes if v.voter == self.voter), votes[0].label)


def _mass(votes: Sequence[Vote], labels: Sequence[str]) -> dict[str, float]:
    """The summed probability of each label, "no entity" last. Summed exactly, so that the order of the
    votes cannot decide, and rounded, so that what should be a tie is one.
    """
    return {
        label: round(math.fsum(v.probabilities.get(label, 0.0) for v in votes), 9)
        for label in [*labels, ""]
    }
