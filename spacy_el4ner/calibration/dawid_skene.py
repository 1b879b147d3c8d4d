"""The confusions of annotators, estimated by expectation maximisation (Dawid and Skene 1979)."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

ROUNDS = 500
"""The most rounds of expectation maximisation."""
SETTLED = 1e-7
"""Change of a posterior, from one round to the next, below which nothing changes any more."""
UNKNOWN = -1
"""Stands for the class of an item that has no label."""

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Annotators:
    """What is estimated of some annotators and of the items that they voted on.

    prior (ndarray): Share of each class among the items, (classes,).
    confusion (ndarray): For each annotator and right class, the share of its vote that each class gets,
        (annotators, classes, classes).
    posterior (ndarray): For each item the probability of each class, (items, classes).
    objective (tuple[float, ...]): The log of the posterior density after each round, up to a constant;
        it never falls.
    """

    prior: Floats
    confusion: Floats
    posterior: Floats
    objective: tuple[float, ...]


def expect(votes: Floats, prior: Floats, confusion: Floats) -> Floats:
    """votes (ndarray): The votes, (items, annotators, classes); a row of zeros where one is missing.
    prior (ndarray): Share of each class, (classes,).
    confusion (ndarray): The confusions, (annotators, classes, classes).
    RETURNS (ndarray): The log of the joint probability of each item's votes and each class,
        (items, classes): log prior[k] + Σ_j Σ_l votes[j, l] · log confusion[j, k, l].
    """
    joint: Floats = np.log(prior) + np.einsum("njl,jkl->nk", votes, np.log(confusion))
    return joint


def estimate(votes: Floats, truth: NDArray[np.int64], pseudo: Floats) -> Annotators:
    """Estimate who confuses what. Each vote is a distribution over the classes: a soft vote counts for
    each class by its share, and one for a single class is that of the original method.

    votes (ndarray): The votes, (items, annotators, classes); a row of zeros where one is missing.
    truth (ndarray): The class of each item, or `UNKNOWN`, (items,).
    pseudo (ndarray): The Dirichlet prior of every annotator, as votes that count in addition: for each
        right class, how many for each class, all above 0, (classes, classes).
    RETURNS (Annotators): The most probable confusions, and the classes that follow from them.
    """
    items, _, classes = votes.shape
    labelled = np.flatnonzero(truth != UNKNOWN)
    posterior = _hold(_normalised(votes.sum(axis=1) + 1e-9), labelled, truth)
    objective: list[float] = []
    for _ in range(ROUNDS):
        counts = np.einsum("nk,njl->jkl", posterior, votes) + pseudo
        confusion = _normalised(counts)
        prior = (posterior.sum(axis=0) + 1) / (items + classes)
        joint = expect(votes, prior, confusion)
        evidence = np.logaddexp.reduce(joint, axis=1)
        evidence[labelled] = joint[labelled, truth[labelled]]
        penalty = (pseudo * np.log(confusion)).sum() + np.log(prior).sum()
        objective.append(float(evidence.sum() + penalty))
        before = posterior
        posterior = _hold(np.exp(joint - joint.max(axis=1, keepdims=True)), labelled, truth)
        if not items or np.abs(posterior - before).max() < SETTLED:
            break
    return Annotators(prior, confusion, posterior, tuple(objective))


def _normalised(counts: Floats) -> Floats:
    shares: Floats = counts / counts.sum(axis=-1, keepdims=True)
    return shares


def _hold(weights: Floats, labelled: NDArray[np.int64], truth: NDArray[np.int64]) -> Floats:
    """Probabilities of the classes of each item; certain for the items that have a label."""
    posterior = _normalised(weights)
    posterior[labelled] = 0.0
    posterior[labelled, truth[labelled]] = 1.0
    return posterior
