"""A threshold of the confidence above which a precision is promised."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spacy_el4ner.errors import EL4NERValueError, Errors

GRID = tuple(n / 20 for n in range(20))
"""The thresholds that are tested, fixed before the data are seen."""


@dataclass(frozen=True)
class PrecisionThreshold:
    """A threshold with a promise: the precision of entities at or above it is at least `precision`,
    except with a probability of `risk` over the draw of the labelled entities.

    threshold (float): The lowest confidence that is kept, 0 to 1.
    precision (float): The precision that is promised, 0 to 1.
    risk (float): The probability that the promise does not hold, 0 to 1.
    kept (int): How many of the labelled entities are at or above the threshold.
    right (int): How many of these are right.
    """

    threshold: float
    precision: float
    risk: float
    kept: int
    right: int


def promise_precision(
    pairs: Sequence[tuple[float, bool]], precision: float, risk: float = 0.1
) -> PrecisionThreshold:
    """Find the lowest threshold that promises a precision (Learn then Test, Angelopoulos et al. 2021).
    At each threshold of `GRID`, the hypothesis that the precision is lower is tested by the binomial
    tail: if it were true, of n entities kept at least as many would be right with a probability of at
    most P(Binomial(n, precision) >= right). With as many tests as the grid has thresholds, each at
    risk / len(GRID) (Bonferroni), the probability that any rejection is wrong is at most the risk.

    pairs (Sequence[tuple[float, bool]]): Confidence of each entity of held-out documents, 0 to 1, and
        whether it is right. The promise is for entities that are drawn like these, independently.
    precision (float): The precision to promise, between 0 and 1.
    risk (float): The accepted probability that the promise does not hold, between 0 and 1.
    RETURNS (PrecisionThreshold): The lowest threshold with the promise.
    RAISES (EL4NERValueError): EL383, precision or risk is not between 0 and 1; EL382, the promise can
        be given for no threshold.
    """
    from scipy.stats import binom

    for name, value in (("precision", precision), ("risk", risk)):
        if not 0 < value < 1:
            raise EL4NERValueError(Errors.EL383.format(name=name, value=value))
    for threshold in GRID:
        kept = [right for confidence, right in pairs if confidence >= threshold]
        if binom.sf(sum(kept) - 1, len(kept), precision) <= risk / len(GRID):
            return PrecisionThreshold(threshold, precision, risk, len(kept), sum(kept))
    least = least_entities(precision, risk)
    few = f", which are fewer than the {least} that it takes" if len(pairs) < least else ""
    message = Errors.EL382.format(
        precision=precision,
        risk=risk,
        entities=len(pairs),
        least=few,
        grid=f"from {GRID[0]:g} to {GRID[-1]:g}",
    )
    raise EL4NERValueError(message)


def least_entities(precision: float, risk: float) -> int:
    """precision (float): The precision to promise, between 0 and 1.
    risk (float): The accepted probability that the promise does not hold, between 0 and 1.
    RETURNS (int): The number of entities that it takes if all of them are right: precision^n must not
        exceed the risk of one test.
    """
    return math.ceil(math.log(risk / len(GRID)) / math.log(precision))
