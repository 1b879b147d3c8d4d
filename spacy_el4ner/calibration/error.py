"""The expected calibration error of confidences."""

from collections.abc import Sequence

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
    members: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in pairs:
        members.setdefault(min(int(confidence * bins), bins - 1), []).append((confidence, right))
    return sum(
        abs(sum(r for _, r in bin_) - sum(c for c, _ in bin_)) for bin_ in members.values()
    ) / len(pairs)
