"""The base class of the fusion rules, and the data that they exchange with the rest of the package."""

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, is_dataclass
from typing import Any, ClassVar, Self

import numpy as np

from spacy_el4ner.blocks import resolves
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Disagreement
from spacy_el4ner.fusion.ledger import Choices, Ledger

SLM, LLM = "slm", "llm"


@dataclass(frozen=True)
class RuleDecision:
    """The decision of a rule about one disagreement.

    slm_score (float): The score of the tagger's side.
    llm_score (float): The score of the language model's side; equal scores are the tagger's.
    """

    slm_score: float
    llm_score: float

    @property
    def side(self) -> str:
        """RETURNS (str): The side that wins, "slm" or "llm"."""
        return SLM if self.slm_score >= self.llm_score else LLM


@dataclass(frozen=True)
class ParameterCurve:
    """F1 on held-out data over the values of one parameter of a rule.

    parameter (str): The parameter's symbol, such as "λ".
    points (tuple[tuple[float, float], ...]): Values of the parameter, and F1 with each, 0 to 1.
    """

    parameter: str
    points: tuple[tuple[float, float], ...]


@resolves("el4ner_fusion_rules")
class FusionRule(ABC):
    """Decides a disagreement between the tagger and the language model.

    A rule of your own is a frozen dataclass whose fields are its parameters: numbers or plain data,
    each with a default. It must implement `__call__`; override `fit` if it has parameters to fit.
    Register the class in `el4ner_fusion_rules`; then `calibrate`, `evaluate-fusion` and `explain`
    include it.

    name (str): Identifies the rule in reports, in provenance and in saved calibrations.
    title (str): Names the rule in tables and plots.
    always (str | None): "slm" or "llm" for a rule that always takes that side and is thus a baseline;
        None for a rule that depends on the case.
    complexity (int): How much the rule fits. Among rules that do equally well on held-out data, the
        one with the lowest complexity is chosen.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    always: ClassVar[str | None] = None
    complexity: ClassVar[int] = 1

    @abstractmethod
    def __call__(self, case: Case, disagreement: Disagreement) -> RuleDecision:
        """Decide one disagreement. The decision must not depend on `case.gold`.

        case (Case): Both readings of the window.
        disagreement (Disagreement): One of the case's disagreements.
        RETURNS (RuleDecision): The score of each side.
        """

    def fit(self, ledger: Ledger) -> Self | None:
        """Fit the parameters to held-out data.

        ledger (Ledger): Held-out cases with their gold entities, their disagreements, and the F1 of any
            set of choices.
        RETURNS (FusionRule | None): A fitted copy; the rule itself if it has nothing to fit; None if
            these data are not enough to fit it.
        """
        return self

    def decisions(self, ledger: Ledger, where: Choices | None = None) -> list[RuleDecision]:
        """ledger (Ledger): Held-out data.
        where (ndarray | None): Mask of the disagreements to decide; None for all.
        RETURNS (list[RuleDecision]): The rule's decision about each of these.
        """
        numbers = range(len(ledger.disagreements)) if where is None else np.flatnonzero(where)
        return [self(ledger.cases[ledger.case_of[n]], ledger.disagreements[n]) for n in numbers]

    def choices(self, ledger: Ledger, where: Choices | None = None) -> Choices:
        """ledger (Ledger): Held-out data.
        where (ndarray | None): Mask of the disagreements to decide; None for all.
        RETURNS (ndarray): The rule's choice in each of these, for `Ledger.f1`.
        """
        return np.array([d.side == SLM for d in self.decisions(ledger, where)], dtype=np.bool_)

    def curve(self, ledger: Ledger) -> ParameterCurve | None:
        """ledger (Ledger): Held-out data.
        RETURNS (ParameterCurve | None): F1 over the rule's main parameter, for the report; None if the
            rule has no such parameter.
        """
        return None

    @property
    def is_fitted(self) -> bool:
        """RETURNS (bool): Whether the rule can decide; False if it has to be fitted first."""
        return True

    @property
    def parameters(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The fields of the rule as plain data, as saved with a pipeline."""
        return asdict(self) if is_dataclass(self) else {}

    def with_parameters(self, parameters: Mapping[str, Any]) -> Self:
        """parameters (Mapping[str, Any]): Plain data, such as `parameters` returned; a parameter that
            is missing keeps its value.
        RETURNS (FusionRule): A copy with these parameters.
        RAISES (ValueError): A parameter is unknown or has an invalid value.
        """
        names: list[str] = [f.name for f in fields(self)] if is_dataclass(self) else []
        if not isinstance(parameters, Mapping):
            raise self.invalid(f"{parameters!r} is not a mapping of parameters")
        if unknown := sorted(set(parameters) - set(names)):
            raise self.invalid(f"unknown parameter '{unknown[0]}'")
        return type(self)(**{**{name: getattr(self, name) for name in names}, **parameters})

    @property
    def description(self) -> str:
        """RETURNS (str): What the rule compares, in one line, for explanations."""
        return self.title

    def describe(self, case: Case, disagreement: Disagreement, decision: RuleDecision) -> str:
        """case (Case): Both readings of the window.
        disagreement (Disagreement): The disagreement that was decided.
        decision (RuleDecision): The rule's decision about it.
        RETURNS (str): The comparison in numbers, for explanations.
        """
        relation = "≥" if decision.side == SLM else "<"
        return f"the tagger's score {decision.slm_score:.2f} {relation} {decision.llm_score:.2f}"

    def invalid(self, problem: str) -> EL4NERValueError:
        """problem (str): What is wrong with a parameter.
        RETURNS (EL4NERValueError): The error to raise.
        """
        return EL4NERValueError(Errors.EL220.format(name=self.name, problem=problem))

    def check_positive(self, *names: str) -> None:
        """Refuse parameters that are not positive numbers; for `__post_init__`.

        names (str): Names of the parameters.
        RAISES (ValueError): One of them is not a finite number above 0.
        """
        for name in names:
            value = getattr(self, name)
            number = isinstance(value, int | float) and not isinstance(value, bool)
            if not (number and math.isfinite(value) and value > 0):
                raise self.invalid(f"'{name}' is {value!r} instead of a number above 0")
