"""What is found on held-out data and kept with a pipeline: plain numbers, as JSON."""

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.fusion.logistic import Weights

FITTED = ("learned", "confidence")
POSITIVE = ("lam", "scaled_lam", "slm_temperature", "llm_temperature")


@dataclass(frozen=True)
class Calibration:
    """Settings of the rules. The defaults are what is used before anything was measured.

    lam (float): λ of the paper's rule (Xu et al. 2025, equation 3). Any value between 0 and 0.35
        decides both examples of the paper as it does.
    scaled_lam (float): λ of the rule "scaled".
    slm_temperature (float): Divides the tagger's log-probabilities, for "scaled"; 1 leaves them.
    llm_temperature (float): Divides the log-odds of the language model's probabilities, for "scaled".
    threshold (float): Uncertainty of the tagger above which the language model is asked, in nats;
        below 0 it always is. The default changes no decision of the paper's rule with its default λ
        (see `routing`).
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
        if not isinstance(data, Mapping):
            raise _refusal(f"it is {data!r}")
        if unknown := sorted(set(data) - {field.name for field in fields(cls)}):
            raise _refusal(f"it has no setting '{unknown[0]}'")
        made: dict[str, Any] = {}
        for name, value in data.items():
            made[name] = _weights(name, value) if name in FITTED else _number(name, value)
        return cls(**made)


def _number(name: str, value: Any) -> float:
    if not _is_finite(value) or (name in POSITIVE and value <= 0):
        number = "a number above 0" if name in POSITIVE else "a number"
        raise _refusal(f"'{name}' is {value!r} instead of {number}")
    return float(value)


def _weights(name: str, value: Any) -> Weights | None:
    if value is None:
        return None
    refusal = _refusal(f"'{name}' is {value!r} instead of null or an intercept and coefficients")
    if not isinstance(value, Mapping) or set(value) != {"intercept", "coefficients"}:
        raise refusal
    coefficients = value["coefficients"]
    if not isinstance(coefficients, Mapping):
        raise refusal
    if not all(map(_is_finite, (value["intercept"], *coefficients.values()))):
        raise refusal
    return Weights(float(value["intercept"]), {str(n): float(v) for n, v in coefficients.items()})


def _is_finite(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value)


def _refusal(problem: str) -> ValueError:
    known = ", ".join(field.name for field in fields(Calibration))
    return ValueError(Errors.EL041.format(problem=problem, known=known))
