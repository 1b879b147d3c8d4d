"""Logistic regression: fitted with scikit-learn, applied without it."""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

STEEPEST = 7.0
"""Log-odds are kept between this and its negative: surer than 0.999 is no surer."""


@dataclass(frozen=True)
class Weights:
    """A fitted model.

    intercept (float): Added to the weighted sum.
    coefficients (dict[str, float]): Feature -> weight.
    """

    intercept: float
    coefficients: dict[str, float] = field(hash=False)

    def probability(self, features: Mapping[str, float]) -> float:
        """features (Mapping[str, float]): Feature -> value; one without a weight counts for nothing.
        RETURNS (float): 0 to 1.
        """
        weights = self.coefficients
        return sigmoid(self.intercept + sum(weights.get(n, 0.0) * v for n, v in features.items()))


def log_odds(probability: float) -> float:
    """RETURNS (float): ln(p / (1 − p)), within the bounds above."""
    if probability <= 0 or probability >= 1:
        return math.copysign(STEEPEST, probability - 0.5)
    return min(max(math.log(probability) - math.log1p(-probability), -STEEPEST), STEEPEST)


def sigmoid(score: float) -> float:
    """RETURNS (float): 1 / (1 + exp(−score)), without overflow."""
    return 0.5 * (1 + math.tanh(score / 2))


def temper(probability: float, temperature: float) -> float:
    """probability (float): Of one thing against all others.
    temperature (float): Divides its log-odds; above 1 it is less sure.
    RETURNS (float): The tempered probability; unchanged at 1.
    """
    return probability if temperature == 1 else sigmoid(log_odds(probability) / temperature)
