"""Offsets that decide which candidates are kept, chosen for the highest F1."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.calibration.offsets import best_offset

FOLDS = 5
"""Parts that the sentences are divided into; sentence n is in part n % FOLDS."""


def f1(kept: NDArray[np.bool_], right: NDArray[np.bool_], gold: int) -> float:
    """kept (ndarray): Whether each candidate is kept, (candidates,).
    right (ndarray): Whether it is right, (candidates,).
    gold (int): Number of all gold entities, including those that are not candidates.
    RETURNS (float): F1 of the candidates kept.
    """
    total = int(kept.sum()) + gold
    return 2 * int((kept & right).sum()) / total if total else 1.0


def cross_validated_shift(
    margins: NDArray[np.floating],
    right: NDArray[np.bool_],
    sentences: Sequence[int],
    gold: Sequence[int],
) -> NDArray[np.floating]:
    """margins (ndarray): Log-odds of keeping each candidate, in nats, (candidates,).
    right (ndarray): Whether each is right, (candidates,).
    sentences (Sequence[int]): The sentence of each candidate.
    gold (Sequence[int]): Number of gold entities of each sentence.
    RETURNS (ndarray): The log-odds, each with the offset fitted to the other folds, (candidates,).
    """
    shifted, folds = margins.copy(), np.asarray(sentences, dtype=int) % FOLDS
    for fold in range(FOLDS):
        rest = folds != fold
        known = sum(count for n, count in enumerate(gold) if n % FOLDS != fold)
        shifted[~rest] += best_offset(margins[rest], right[rest], known)
    return shifted


def auc(margins: NDArray[np.floating], right: NDArray[np.bool_]) -> float | None:
    """margins (ndarray): Scores, (candidates,).
    right (ndarray): Whether each candidate is right, (candidates,).
    RETURNS (float | None): Probability that a right candidate has a higher score than a wrong one, ties
        counting half; None where all are right or all are wrong.
    """
    high, low = margins[right], margins[~right]
    if not len(high) or not len(low):
        return None
    difference = high[:, None] - low[None, :]
    return float(((difference > 0) + 0.5 * (difference == 0)).mean())
