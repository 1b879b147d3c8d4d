"""Votes into one type."""

import math
from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from spacy_el4ner.types import Vote


@runtime_checkable
class VoteRule(Protocol):
    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        """RETURNS (str): The type decided on, or "" for no entity."""
        ...


class MajorityVote:
    """The type that most backbones gave. "No entity" is a type like the others here.

    Ties go to the higher summed probability, then to the order of the labels ("no entity" last), and
    never to the order in which the backbones ran. (The paper leaves the tie open; this is ours.)
    """

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        counts = {label: sum(v.label == label for v in votes) for label in ["", *labels]}
        mass = _mass(votes, labels)
        order = list(mass)
        return max(order, key=lambda label: (counts[label], mass[label], -order.index(label)))


class ProbabilityVote:
    """The type with the highest summed probability: a sure backbone counts for more than an unsure one.

    Ties go to the order of the labels. With backbones that give no probabilities it is a majority vote.
    (Ours; for backbones whose probabilities mean something, such as those trained on what they choose
    between.)

    extraction (float): How much it counts, beside the probabilities, that a backbone extracted the span
        itself, which speaks for an entity of whatever type, or did not, which speaks against one.
    """

    def __init__(self, extraction: float = 0.0):
        self.extraction = extraction

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        mass = _mass(votes, labels)
        for label in mass:
            agreeing = sum(vote.extracted is bool(label) for vote in votes)
            mass[label] = round(mass[label] + self.extraction * agreeing, 9)
        order = list(mass)
        return max(order, key=lambda label: (mass[label], -order.index(label)))


class SingleVote:
    """The type that one backbone gave: no vote at all, for comparison.

    backbone (str): Whose. Where it is down and the others go on, the first of them takes its place.
    """

    def __init__(self, backbone: str):
        self.backbone = backbone

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        return next((v.label for v in votes if v.backbone == self.backbone), votes[0].label)


def _mass(votes: Sequence[Vote], labels: Sequence[str]) -> dict[str, float]:
    """The summed probability of each label, "no entity" last. Summed exactly, so that the order of the
    votes cannot decide, and rounded, so that what should be a tie is one.
    """
    return {
        label: round(math.fsum(v.probabilities.get(label, 0.0) for v in votes), 9)
        for label in [*labels, ""]
    }
