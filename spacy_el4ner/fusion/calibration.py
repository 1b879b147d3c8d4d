"""What is found on held-out data and kept with a pipeline: plain numbers, as JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.fusion.logistic import Weights

FITTED = ("learned", "confidence")
POSITIVE = 1e-6


@dataclass(frozen=True)
class Calibration:
    """Settings of the rules. The defaults are what is used before anything was measured.

    lam (float): λ of the paper's rule (seed paper, equation 3). Any value between 0 and 0.35 decides
        both examples of the paper as it does.
    scaled_lam (float): λ of the rule "scaled".
    slm_temperature (float): Divides the tagger's log-probabilities, for "scaled"; 1 leaves them.
    llm_temperature (float): Divides the log-odds of the language model's probabilities, for "scaled".
    threshold (float): Uncertainty of the tagger above which the language model is asked. The default
        changes no decision of the paper's rule with its default λ (see `routing`).
    learned (Weights | None): Of the rule "learned".
    confidence (Weights | None): From the raw confidence of an entity to the probability that it is
        right; None leaves it raw.
    """

    lam: float = 0.2
    scaled_lam: float = 0.2
    slm_temperature: float = 1.0
    llm_temperature: float = 1.0
    threshold: float = 0.45
    learned: Weights | None = None
    confidence: Weights | None = None

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Calibration":
        """data (Mapping[str, Any]): What `to_dict` gave; what is missing has its default.
        RETURNS (Calibration): The same settings.
        RAISES (ValueError): Something in it is unknown or no number that makes sense.
        """
        known = {field.name for field in fields(cls)}
        unknown = sorted(set(data) - known)
        if unknown:
            problem = f"{', '.join(unknown)}: no such setting"
            raise ValueError(Errors.EL041.format(problem=problem, known=", ".join(sorted(known))))
        made: dict[str, Any] = {}
        for name, value in data.items():
            made[name] = _weights(name, value) if name in FITTED else _number(name, value)
        return cls(**made)


def _number(name: str, value: Any) -> float:
    lowest = POSITIVE if name.endswith("temperature") else 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not lowest <= value < math.inf:
        least = "above 0" if lowest else "of at least 0"
        raise _refusal(name, value, f"a number {least}")
    return float(value)


def _weights(name: str, value: Any) -> Weights | None:
    if value is None:
        return None
    expected = 'null, or {"intercept": number, "coefficients": {feature: number}}'
    if not isinstance(value, Mapping) or set(value) != {"intercept", "coefficients"}:
        raise _refusal(name, value, expected)
    coefficients = value["coefficients"]
    if not isinstance(coefficients, Mapping):
        raise _refusal(name, value, expected)
    for number in (value["intercept"], *coefficients.values()):
        if isinstance(number, bool) or not isinstance(number, int | float) or not math.isfinite(number):
            raise _refusal(name, value, expected)
    return Weights(float(value["intercept"]), {str(n): float(v) for n, v in coefficients.items()})


def _refusal(name: str, value: Any, expected: str) -> ValueError:
    known = ", ".join(sorted(field.name for field in fields(Calibration)))
    problem = f"'{name}' is {value!r} instead of {expected}"
    return ValueError(Errors.EL041.format(problem=problem, known=known))
