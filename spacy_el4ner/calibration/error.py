"""Measures of confidences: calibration error, Brier score, area under the risk-coverage curve."""

from collections.abc import Sequence

import numpy as np

BINS = 10


def calibration_error(pairs: Sequence[tuple[float, bool]], bins: int = BINS) -> float | None:
    """Average |accuracy − mean confidence| over bins of equal width, weighted by their size.

    pairs (Sequence[tuple[float, bool]]): Confidence of each prediction, 0 to 1, and whether it is
        right.
    bins (int): Number of bins.
    RETURNS (float | None): 0 (perfect) to 1; None where there are no predictions.
    """
    if not pairs:
        return None
    return sum(
        abs(sum(r for _, r in bin_) - sum(c for c, _ in bin_)) for bin_ in _binned(pairs, bins)
    ) / len(pairs)


def error_by_chance(pairs: Sequence[tuple[float, bool]], bins: int = BINS) -> float | None:
    """The calibration error that these confidences have on average if they are the true probabilities:
    of few predictions, not exactly the expected share is right.

    pairs (Sequence[tuple[float, bool]]): Confidence of each prediction, 0 to 1, and whether it is
        right, which is not looked at.
    bins (int): Number of bins.
    RETURNS (float | None): 0 to 1; None where there are no predictions.
    """
    if not pairs:
        return None
    total = 0.0
    for bin_ in _binned(pairs, bins):
        # The probabilities that 0, 1, 2, … of the bin are right.
        number = np.ones(1)
        for confidence, _ in bin_:
            number = np.append(number * (1 - confidence), 0) + np.append(0, number * confidence)
        expected = sum(confidence for confidence, _ in bin_)
        total += float(number @ np.abs(np.arange(len(number)) - expected))
    return total / len(pairs)


def _binned(pairs: Sequence[tuple[float, bool]], bins: int) -> list[list[tuple[float, bool]]]:
    """The predictions of each bin that has any."""
    members: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in pairs:
        members.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, right))
    return list(members.values())


def brier_score(pairs: Sequence[tuple[float, bool]]) -> float | None:
    """The mean squared error of confidences (Brier 1950).

    pairs (Sequence[tuple[float, bool]]): Confidence of each prediction, 0 to 1, and whether it is
        right.
    RETURNS (float | None): 0 (perfect) to 1; None where there are no predictions.
    """
    return sum((c - r) ** 2 for c, r in pairs) / len(pairs) if pairs else None


def aurc(pairs: Sequence[tuple[float, bool]]) -> float | None:
    """The area under the risk-coverage curve (Geifman and El-Yaniv 2017): the share of wrong
    predictions among the n most confident ones, averaged over all n. It says how well confidences rank
    predictions, whatever their scale.

    pairs (Sequence[tuple[float, bool]]): Confidence of each prediction, and whether it is right. Equal
        confidences count as in random order.
    RETURNS (float | None): 0 (all are right) to 1; None where there are no predictions.
    """
    if not pairs:
        return None
    by_confidence: dict[float, list[bool]] = {}
    for confidence, right in pairs:
        by_confidence.setdefault(confidence, []).append(right)
    risks, covered, wrong = 0.0, 0, 0.0
    for confidence in sorted(by_confidence, reverse=True):
        group = by_confidence[confidence]
        rate = 1 - sum(group) / len(group)
        for _ in group:
            covered, wrong = covered + 1, wrong + rate
            risks += wrong / covered
    return risks / len(pairs)
