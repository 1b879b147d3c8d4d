"""The fitted parameters of a fusion, as saved with a pipeline: plain numbers in JSON."""

import math
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.fusion.rules.base import FusionRule


@dataclass(frozen=True)
class Calibration:
    """Parameters fitted on held-out data. The defaults apply before any calibration.

    rules (Mapping[str, Mapping[str, Any]]): Name of a rule -> its fitted parameters.
    threshold (float): Uncertainty of the tagger, in nats, above which the language model is asked; a
        negative one always asks it. The default changes no decision of the paper's rule with its
        default λ (see `routing`).
    confidence (Weights | None): Regression from the raw confidence of an entity to the probability that
        it is right; None leaves the confidence raw.
    """

    rules: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    threshold: float = 0.45
    confidence: Weights | None = None

    def fitted(self, rule: FusionRule) -> FusionRule:
        """rule (FusionRule): A rule with the settings of a config.
        RETURNS (FusionRule): The rule with its fitted parameters, if it has any here.
        RAISES (ValueError): The parameters do not fit the rule.
        """
        return rule.with_parameters(self.rules[rule.name]) if rule.name in self.rules else rule

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Calibration":
        """data (Mapping[str, Any]): What `to_dict` returned; what is missing has its default.
        RETURNS (Calibration): The same parameters.
        RAISES (ValueError): The data are not a calibration.
        """
        if not isinstance(data, Mapping):
            raise _invalid(f"{data!r} is not a mapping")
        if unknown := sorted(set(data) - {field.name for field in fields(cls)}):
            raise _invalid(f"unknown setting '{unknown[0]}'")
        checks: dict[str, Callable[[Any], Any]] = {
            "rules": _rules,
            "threshold": _threshold,
            "confidence": _confidence,
        }
        return cls(**{name: checks[name](value) for name, value in data.items()})


def _rules(value: Any) -> dict[str, dict[str, Any]]:
    if not isinstance(value, Mapping) or not all(isinstance(v, Mapping) for v in value.values()):
        raise _invalid(f"'rules' is {value!r} instead of parameters by rule")
    return {str(name): dict(parameters) for name, parameters in value.items()}


def _threshold(value: Any) -> float:
    number = isinstance(value, int | float) and not isinstance(value, bool)
    if not (number and math.isfinite(value)):
        raise _invalid(f"'threshold' is {value!r} instead of a number")
    return float(value)


def _confidence(value: Any) -> Weights | None:
    try:
        return None if value is None else Weights.from_dict(value)
    except ValueError as error:
        raise _invalid(f"'confidence': {error}") from error


def _invalid(problem: str) -> EL4NERValueError:
    known = ", ".join(field.name for field in fields(Calibration))
    return EL4NERValueError(Errors.EL041.format(problem=problem, known=known))
