"""Logistic regression and temperature: fitted with scikit-learn, applied without it."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

STEEPEST = 7.0
"""Bound of log-odds on either side: a probability above 0.999 counts as 0.999."""

TEMPERATURES = tuple(2 ** (n / 4) for n in range(-8, 13))
"""Candidate temperatures, from 1/4 to 8, including 1."""


@dataclass(frozen=True)
class Weights:
    """A fitted model.

    intercept (float): Added to the weighted sum.
    coefficients (dict[str, float]): Feature -> weight.
    """

    intercept: float
    coefficients: dict[str, float] = field(hash=False)

    @classmethod
    def from_dict(cls, data: Any) -> "Weights":
        """data (Any): Plain data with the keys "intercept" and "coefficients".
        RETURNS (Weights): The model.
        RAISES (ValueError): The data are not finite numbers under these keys.
        """
        problem = f"{data!r} is not an intercept and coefficients"
        if not isinstance(data, Mapping) or set(data) != {"intercept", "coefficients"}:
            raise ValueError(problem)
        coefficients = data["coefficients"]
        if not isinstance(coefficients, Mapping):
            raise ValueError(problem)
        if not all(map(_is_finite, (data["intercept"], *coefficients.values()))):
            raise ValueError(problem)
        return cls(float(data["intercept"]), {str(n): float(v) for n, v in coefficients.items()})

    def probability(self, features: Mapping[str, float]) -> float:
        """features (Mapping[str, float]): Feature -> value; one without a weight counts for nothing.
        RETURNS (float): 0 to 1.
        """
        weights = self.coefficients
        return sigmoid(self.intercept + sum(weights.get(n, 0.0) * v for n, v in features.items()))


def log_odds(probability: float) -> float:
    """probability (float): 0 to 1.
    RETURNS (float): ln(p / (1 − p)), between −`STEEPEST` and `STEEPEST`.
    """
    if probability <= 0 or probability >= 1:
        return math.copysign(STEEPEST, probability - 0.5)
    return min(max(math.log(probability) - math.log1p(-probability), -STEEPEST), STEEPEST)


def sigmoid(score: float) -> float:
    """score (float): Log-odds.
    RETURNS (float): 1 / (1 + exp(−score)), without overflow.
    """
    return 0.5 * (1 + math.tanh(score / 2))


def temper(probability: float, temperature: float) -> float:
    """probability (float): Probability of one option against all others, 0 to 1.
    temperature (float): Divides its log-odds; above 1 it becomes less sure.
    RETURNS (float): The tempered probability; unchanged at 1.
    """
    return probability if temperature == 1 else sigmoid(log_odds(probability) / temperature)


def fit(
    rows: Sequence[Mapping[str, float]],
    right: Sequence[bool],
    weights: Sequence[float] | None = None,
    penalty: float = 1.0,
) -> Weights | None:
    """rows (Sequence[Mapping[str, float]]): Features of each example; one that is missing is 0.
    right (Sequence[bool]): What is to be predicted.
    weights (Sequence[float] | None): How much each example counts; None for all alike.
    penalty (float): Holds the weights near 0: counts half the sum of their squares, as multiples of the
        features' standard deviations, against the log-loss of the examples. What is 0 or 1 keeps its
        scale: by the deviation of a rare one, a single example would weigh as much as a common one's.
    RETURNS (Weights | None): The regression; None where there is nothing to tell apart.
    """
    if len(set(right)) < 2:
        return None
    import numpy as np
    from sklearn.linear_model import LogisticRegression

    names = sorted({name for row in rows for name in row})
    x = np.array([[row.get(name, 0.0) for name in names] for row in rows])
    spread = x.std(0)
    spread[(spread < 1e-9) | np.isin(x, (0, 1)).all(0)] = 1.0
    model = LogisticRegression(C=1 / penalty, max_iter=1000)
    model.fit(x / spread, list(right), sample_weight=weights)
    slopes = (model.coef_[0] / spread).tolist()
    return Weights(float(model.intercept_[0]), dict(zip(names, slopes, strict=True)))


def fit_temperature(probabilities: Sequence[float], right: Sequence[bool]) -> float:
    """probabilities (Sequence[float]): Probability of each answer.
    right (Sequence[bool]): Whether each answer is right.
    RETURNS (float): The candidate temperature with the highest likelihood; 1 if the data do not
        distinguish them.
    """
    if len(set(right)) < 2:
        return 1.0

    def surprise(temperature: float) -> float:
        tempered = [sigmoid(log_odds(p) / temperature) for p in probabilities]
        return -math.fsum(math.log(p if r else 1 - p) for p, r in zip(tempered, right, strict=True))

    return min(TEMPERATURES, key=lambda t: (surprise(t), abs(math.log(t))))


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)
