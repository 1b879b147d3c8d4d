"""Who is believed where the two models disagree."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, Protocol, runtime_checkable

from spacy_el4ner.errors import Errors
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.disagreements import Disagreement
from spacy_el4ner.fusion.evidence import entropy, greatest_entropy, llm_probability
from spacy_el4ner.fusion.features import features, types
from spacy_el4ner.fusion.logistic import temper
from spacy_el4ner.fusion.readings import Case

SLM, LLM = "slm", "llm"


@dataclass(frozen=True)
class Decision:
    """slm_score (float), llm_score (float): What was compared; equal scores are the tagger's."""

    slm_score: float
    llm_score: float

    @property
    def side(self) -> str:
        return SLM if self.slm_score >= self.llm_score else LLM


@runtime_checkable
class Rule(Protocol):
    """Decides a disagreement by what a case holds but for its gold entities.

    name (str): In reports and provenance.
    calibration (Calibration): What it was fitted to.
    """

    name: ClassVar[str]

    @property
    def calibration(self) -> Calibration: ...

    def __call__(self, case: Case, disagreement: Disagreement) -> Decision: ...


@dataclass(frozen=True)
class PaperRule:
    """The tagger unless it is unsure: 1 − H ≥ λ·exp(P) (Xu et al. 2025, equations 1 to 3).

    H is the tagger's mean entropy over the tokens concerned, P the language model's probability. The
    paper prints the comparison the other way round, against its text and both of its examples.
    """

    name: ClassVar[str] = "paper"
    calibration: Calibration

    def __call__(self, case: Case, disagreement: Disagreement) -> Decision:
        scaled = self.calibration.lam * math.exp(llm_probability(case, disagreement))
        return Decision(1 - entropy(case, disagreement.tokens), scaled)


@dataclass(frozen=True)
class ScaledRule:
    """The same with probabilities that a temperature was fitted to, and with the entropy as a share of
    the greatest one there is for so many tags, so that λ means the same for every label set.
    """

    name: ClassVar[str] = "scaled"
    calibration: Calibration

    def __call__(self, case: Case, disagreement: Disagreement) -> Decision:
        fitted = self.calibration
        share = entropy(case, disagreement.tokens, fitted.slm_temperature) / greatest_entropy(case)
        tempered = temper(llm_probability(case, disagreement), fitted.llm_temperature)
        return Decision(1 - share, fitted.scaled_lam * math.exp(tempered))


@dataclass(frozen=True)
class LearnedRule:
    """A logistic regression on what both models say, and on what was labelled before: its score is the
    probability that the tagger is the better choice. It says nothing about types of entities that it
    was not fitted to, which are the tagger's.
    """

    name: ClassVar[str] = "learned"
    calibration: Calibration

    def __post_init__(self) -> None:
        if self.calibration.learned is None:
            raise ValueError(Errors.EL040)

    def __call__(self, case: Case, disagreement: Disagreement) -> Decision:
        assert self.calibration.learned is not None
        if not self.knows(disagreement):
            return Decision(0.5, 0.5)
        p = self.calibration.learned.probability(features(case, disagreement))
        return Decision(p, 1 - p)

    def knows(self, disagreement: Disagreement) -> bool:
        """RETURNS (bool): Whether it was fitted to all types of entities that are on either side."""
        assert self.calibration.learned is not None
        return types(disagreement) <= self.calibration.learned.coefficients.keys()


@dataclass(frozen=True)
class SLMRule:
    """Always the tagger."""

    name: ClassVar[str] = "slm"
    calibration: Calibration

    def __call__(self, case: Case, disagreement: Disagreement) -> Decision:
        return Decision(1.0, 0.0)


@dataclass(frozen=True)
class LLMRule:
    """Always the language model."""

    name: ClassVar[str] = "llm"
    calibration: Calibration

    def __call__(self, case: Case, disagreement: Disagreement) -> Decision:
        return Decision(0.0, 1.0)


RULES: dict[str, Callable[[Calibration], Rule]] = {
    PaperRule.name: PaperRule,
    ScaledRule.name: ScaledRule,
    LearnedRule.name: LearnedRule,
    SLMRule.name: SLMRule,
    LLMRule.name: LLMRule,
}


def make_rule(name: str, calibration: Calibration) -> Rule:
    """name (str): "paper", "scaled", "learned", "slm" or "llm".
    calibration (Calibration): What was found on held-out data, or the defaults.
    RETURNS (Rule): The rule.
    RAISES (ValueError): There is none of that name, or "learned" was never fitted.
    """
    if name not in RULES:
        raise ValueError(Errors.EL010.format(value=name, setting="rule", known=", ".join(RULES)))
    return RULES[name](calibration)
