"""Offsets on the decisions of constrained decoding, fitted to labelled sentences."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

MOST = 6.0
"""The greatest offset, in nats: a model that needs more says nothing about the decision."""


def best_offset(
    log_odds: Sequence[float] | NDArray[np.floating],
    departs: Sequence[bool] | NDArray[np.bool_],
    gold: int | None = None,
) -> float:
    """Find the offset with the highest F1 of a decision, among those of at most `MOST`.

    log_odds (Sequence[float]): The model's log-odds of departing at each place, in nats, (places,).
    departs (Sequence[bool]): Whether the right answer departs there, (places,).
    gold (int | None): How often it departs, also at other places; None for at these alone.
    RETURNS (float): The offset to add to the log-odds, so that departing wherever the sum is above 0
        has the highest F1; 0 if nothing departs. Among equal offsets, the nearest to 0; between two
        places, the middle, so that rounding decides neither.
    """
    right = np.asarray(departs, dtype=bool)
    # No offset tells apart what lies beyond the greatest one, nor makes the model depart below it.
    scores = np.clip(np.asarray(log_odds, dtype=np.float64), -MOST, MOST)
    order = np.argsort(-scores, kind="stable")
    ranked, right = scores[order], right[order]
    if not right[ranked > -MOST].any():
        return 0.0
    below = np.append(ranked[1:], max(ranked[-1] - 1.0, -MOST))
    separable = ranked > below  # places with the same log-odds are decided alike
    total = int(right.sum()) if gold is None else gold
    f1 = 2 * np.cumsum(right) / (np.arange(1, len(ranked) + 1) + total)
    offsets = -(ranked + below) / 2
    candidates = np.flatnonzero(separable & np.isclose(f1, f1[separable].max()))
    return float(min(offsets[candidates], key=abs))


def f1_with(
    log_odds: Sequence[float] | NDArray[np.floating],
    departs: Sequence[bool] | NDArray[np.bool_],
    offset: float,
) -> float:
    """log_odds (Sequence[float]): Log-odds of departing at each place, in nats, (places,).
    departs (Sequence[bool]): Whether the gold answer departs there, (places,).
    offset (float): The offset added to the log-odds.
    RETURNS (float): F1 of departing where the sum is above 0.
    """
    scores = np.asarray(log_odds, dtype=np.float64)
    gold = np.asarray(departs, dtype=bool)
    decided = scores + offset > 0
    total = int(decided.sum() + gold.sum())
    return 2 * int((decided & gold).sum()) / total if total else 1.0


def cross_validated(
    log_odds: Sequence[NDArray[np.floating]], departs: Sequence[NDArray[np.bool_]], folds: int = 5
) -> tuple[float, float]:
    """log_odds (Sequence[ndarray]): For each sentence the log-odds of its places, in nats.
    departs (Sequence[ndarray]): For each sentence whether the gold answer departs there.
    folds (int): Parts that the sentences are divided into; each is decided with the offset of the rest.
    RETURNS (tuple[float, float]): F1 with offsets and without, over all places.
    """
    fitted = []
    for fold in range(folds):
        rest = [n for n in range(len(log_odds)) if n % folds != fold]
        inside = [n for n in range(len(log_odds)) if n % folds == fold]
        if not rest or not inside:
            continue
        offset = best_offset(
            np.concatenate([log_odds[n] for n in rest]), np.concatenate([departs[n] for n in rest])
        )
        fitted += [log_odds[n] + offset for n in inside]
    gold = np.concatenate(
        [departs[n] for fold in range(folds) for n in range(fold, len(departs), folds)]
    )
    plain = np.concatenate(list(log_odds))
    return f1_with(np.concatenate(fitted), gold, 0.0), f1_with(
        plain, np.concatenate(list(departs)), 0.0
    )
