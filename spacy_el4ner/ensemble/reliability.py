"""The reliability of voters: which labels each of them confuses with which."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.calibration.dawid_skene import UNKNOWN, estimate
from spacy_el4ner.types import Vote

LEAST = 5
"""Fewer spans of a label than these say too little about how a voter does on it."""


@dataclass(frozen=True)
class VoterReliability:
    """The confusions of one voter, "" standing for "no entity".

    confusion (dict[str, dict[str, float]]): Right label -> label -> the share of the voter's vote that
        it gets; the shares of a right label sum to 1.
    spans (dict[str, float]): Right label -> how many spans of it the voter voted on, by estimate where
        the right label is not given.
    """

    confusion: Mapping[str, Mapping[str, float]] = field(hash=False)
    spans: Mapping[str, float] = field(hash=False)

    def remark(self) -> str:
        """RETURNS (str): In words: the labels that the voter is best and weakest at."""
        judged = [label for label, spans in self.spans.items() if spans >= LEAST]
        if not judged:
            return f"fewer than {LEAST} spans of each label: nothing is known"
        best = max(judged, key=lambda label: self.confusion[label][label])
        weakest = min(judged, key=lambda label: self.confusion[label][label])
        good = f"best at {_named(best)} ({self.confusion[best][best]:.2f})"
        if weakest == best:
            return good
        shares = self.confusion[weakest]
        instead = max((label for label in shares if label != weakest), key=lambda label: shares[label])
        wrong = f"where {_named(instead)} gets {shares[instead]:.2f}"
        return f"{good}, weakest at {_named(weakest)} ({shares[weakest]:.2f}, {wrong})"


@dataclass(frozen=True)
class Reliability:
    """What is known of the voters of an ensemble.

    prior (dict[str, float]): Label, "" standing for "no entity" -> its share among the spans proposed.
    voters (dict[str, VoterReliability]): Voter -> its confusions.
    spans (int): How many spans it was estimated from.
    labelled (int): How many of them had gold annotation.
    """

    prior: Mapping[str, float] = field(hash=False)
    voters: Mapping[str, VoterReliability] = field(hash=False)
    spans: int
    labelled: int

    @property
    def options(self) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): The labels, and "" for "no entity"."""
        return tuple(self.prior)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Reliability":
        """data (Mapping[str, Any]): What `to_dict` returned.
        RETURNS (Reliability): The same.
        RAISES (KeyError | TypeError | ValueError | AttributeError): The data are something else.
        """
        prior = _shares(data["prior"], data["prior"])
        return cls(
            prior,
            {
                str(name): VoterReliability(
                    {label: _shares(voter["confusion"][label], prior) for label in prior},
                    {label: float(voter["spans"][label]) for label in prior},
                )
                for name, voter in data["voters"].items()
            },
            int(data["spans"]),
            int(data["labelled"]),
        )


def pseudo_votes(options: int, accuracy: float, strength: float) -> NDArray[np.float64]:
    """options (int): How many labels there are, "no entity" among them.
    accuracy (float): Share of the right label, 0 to 1; the others have equal shares of the rest.
    strength (float): How many votes there are for each right label.
    RETURNS (ndarray): What is assumed of a voter before it has voted, (options, options).
    """
    shares = np.full((options, options), (1 - accuracy) / max(1, options - 1))
    np.fill_diagonal(shares, accuracy)
    return strength * shares


def distribution(vote: Vote, options: Sequence[str]) -> NDArray[np.float64]:
    """vote (Vote): A vote.
    options (Sequence[str]): The labels, and "" for "no entity".
    RETURNS (ndarray): The shares of the vote that they get, (options,): its probabilities; all zeros
        for an abstention.
    """
    if vote.abstained:
        return np.zeros(len(options))
    shares = np.array([vote.probabilities.get(option, 0.0) for option in options])
    if vote.unread or not shares.sum() > 0:
        return np.array([float(option == vote.label) for option in options])
    shares /= shares.sum()
    return shares


def fit_reliability(
    votes: Sequence[Sequence[Vote]],
    gold: Sequence[str | None],
    labels: Sequence[str],
    accuracy: float,
    strength: float,
) -> Reliability:
    """votes (Sequence[Sequence[Vote]]): The votes on each span, abstentions among them or left out.
    gold (Sequence[str | None]): The right label of each, "" for "no entity"; None where it is unknown.
    labels (Sequence[str]): The labels of the ensemble.
    accuracy (float), strength (float): What is assumed beforehand, see `pseudo_votes`.
    RETURNS (Reliability): The reliability of each voter. Labels that are given are taken as right, the
        others are estimated together with it.
    """
    options = [*labels, ""]
    names = list(dict.fromkeys(vote.voter for cast in votes for vote in cast))
    table = np.zeros((len(votes), len(names), len(options)))
    for n, cast in enumerate(votes):
        for vote in cast:
            table[n, names.index(vote.voter)] = distribution(vote, options)
    # The gold label can be one that the ensemble does not know: then none of its labels is right.
    classes = [UNKNOWN if g is None else options.index(g if g in options else "") for g in gold]
    pseudo = pseudo_votes(len(options), accuracy, strength)
    annotators = estimate(table, np.array(classes, dtype=np.int64), pseudo)
    spans = np.einsum("nk,nj->jk", annotators.posterior, table.sum(axis=2))
    return Reliability(
        _by_option(options, annotators.prior),
        {
            name: VoterReliability(
                {k: _by_option(options, row) for k, row in zip(options, rows, strict=True)},
                _by_option(options, spans[n]),
            )
            for n, (name, rows) in enumerate(zip(names, annotators.confusion, strict=True))
        },
        len(votes),
        sum(label is not None for label in gold),
    )


def _by_option(options: Sequence[str], values: NDArray[np.float64]) -> dict[str, float]:
    return dict(zip(options, values.tolist(), strict=True))


def _shares(data: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, float]:
    shares = {str(option): float(data[option]) for option in options}
    if not (all(share > 0 for share in shares.values()) and math.isclose(sum(shares.values()), 1)):
        raise ValueError(f"{data!r} should be positive numbers that sum to 1")
    return shares


def _named(label: str) -> str:
    return label or '"no entity"'
