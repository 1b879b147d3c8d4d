"""Precision, recall and F1, computed in one place for the whole package."""

from collections.abc import Set
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class PRF:
    """Precision, recall and F1.

    p (float): Precision, 0 to 1; 0 where nothing was predicted.
    r (float): Recall, 0 to 1; 0 where there is nothing to find.
    f (float): F1, their harmonic mean, 0 to 1.
    """

    p: float
    r: float
    f: float

    def to_dict(self, prefix: str = "") -> dict[str, float]:
        """prefix (str): Put before each key, such as "ents_".
        RETURNS (dict[str, float]): The scores as "p", "r" and "f".
        """
        return {f"{prefix}{key}": value for key, value in asdict(self).items()}


def prf(predicted: Set[Any], gold: Set[Any]) -> PRF:
    """Score a set of predicted items, such as (document, start, end, label), against the gold items.

    predicted (Set): The predicted items.
    gold (Set): The gold items.
    RETURNS (PRF): Their scores.
    EXAMPLE:
        >>> prf({1, 2}, {2, 3, 4})
        PRF(p=0.5, r=0.3333333333333333, f=0.4)
    """
    return prf_of_counts(len(predicted & gold), len(predicted), len(gold))


def prf_of_counts(correct: float, predicted: float, gold: float) -> PRF:
    """correct (float): How many predicted items are in the gold standard.
    predicted (float): How many items were predicted.
    gold (float): How many items the gold standard has.
    RETURNS (PRF): Their scores.
    """
    return PRF(*(float(score) for score in prf_by_class(correct, predicted, gold)))


def prf_by_class(
    correct: ArrayLike, predicted: ArrayLike, gold: ArrayLike
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Score many classes, or many systems, at once.

    correct (ArrayLike): Correct predictions of each class.
    predicted (ArrayLike): Predictions of each class; the shapes broadcast.
    gold (ArrayLike): Gold items of each class.
    RETURNS (tuple[ndarray, ndarray, ndarray]): Precision, recall and F1 of each class; 0 where the
        denominator is 0.
    """
    return (
        _share(correct, predicted),
        _share(correct, gold),
        _share(2 * np.asarray(correct, np.float64), np.add(predicted, gold)),
    )


def _share(part: ArrayLike, whole: ArrayLike) -> NDArray[np.float64]:
    part, whole = np.broadcast_arrays(np.asarray(part, np.float64), np.asarray(whole, np.float64))
    shares: NDArray[np.float64] = np.divide(part, whole, out=np.zeros(part.shape), where=whole > 0)
    return shares
