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
        order = [*labels, ""]
        counts = {label: sum(v.label == label for v in votes) for label in order}
        # Summed exactly, so that the order cannot decide, and rounded, so that what should be a tie is.
        mass = {
            label: round(math.fsum(v.probabilities.get(label, 0.0) for v in votes), 9)
            for label in order
        }
        return max(order, key=lambda label: (counts[label], mass[label], -order.index(label)))


class SingleVote:
    """The type that one backbone gave: no vote at all, for comparison.

    backbone (str): Whose.
    """

    def __init__(self, backbone: str):
        self.backbone = backbone

    def __call__(self, votes: Sequence[Vote], labels: Sequence[str]) -> str:
        return next((v.label for v in votes if v.backbone == self.backbone), "")
