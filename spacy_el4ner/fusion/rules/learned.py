"""A logistic regression over the evidence of both models."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Self

import numpy as np

from spacy_el4ner.calibration.logistic import Weights, fit
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Disagreement
from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.rules.base import LLM, SLM, FusionRule, RuleDecision
from spacy_el4ner.fusion.rules.features import features, label_features

PENALTY = 3.0
"""L2 penalty of the regression, with its dozens of weights for a few hundred disagreements. In the mean
of two corpora's development splits, with a weak and a better language model each, 5 and 10 did worse by
cross-validation."""

MIN_DISAGREEMENTS = 5
"""Disagreements in which a model has an entity of some label before the rule decides about that model's
entities of that label. With fewer, the rule would go by other labels; and a rare label may be one that
one of the models has not learnt and always denies. So it is left to the better model."""


@dataclass(frozen=True)
class LearnedRule(FusionRule):
    """A logistic regression on both readings and on the labelled sentences. (Ours.)

    Its score is the probability that the tagger's side is the better choice. A disagreement about
    labels that the rule was not fitted to goes to the model that is better on the held-out data.

    weights (Weights | None): The regression; None until the rule is fitted.
    better (str): That model, "slm" or "llm".
    """

    name: ClassVar[str] = "learned"
    title: ClassVar[str] = "fusion, learned"
    complexity: ClassVar[int] = 4

    weights: Weights | None = None
    better: str = SLM

    def __post_init__(self) -> None:
        if self.better not in (SLM, LLM):
            raise self.invalid(f"'better' is {self.better!r}, not 'slm' or 'llm'")

    @property
    def is_fitted(self) -> bool:
        """RETURNS (bool): Whether the rule has weights."""
        return self.weights is not None

    def __call__(self, case: Case, disagreement: Disagreement) -> RuleDecision:
        """case (Case): Both readings of the window.
        disagreement (Disagreement): One of the case's disagreements.
        RETURNS (RuleDecision): Probability that the tagger's side is the better choice, and that the
            language model's is.
        RAISES (ValueError): The rule has not been fitted.
        """
        if self.weights is None:
            raise EL4NERValueError(Errors.EL040.format(name=self.name))
        if not self.covers(disagreement):
            return RuleDecision(0.5, 0.5) if self.better == SLM else RuleDecision(0.0, 1.0)
        p = self.weights.probability(features(case, disagreement))
        return RuleDecision(p, 1 - p)

    def covers(self, disagreement: Disagreement) -> bool:
        """disagreement (Disagreement): A disagreement.
        RETURNS (bool): Whether the rule was fitted to all labels on either side.
        """
        return self.weights is not None and (
            label_features(disagreement) <= self.weights.coefficients.keys()
        )

    def fit(self, ledger: Ledger) -> Self | None:
        """Fit the regression. Each disagreement is weighted by how much its choice moves the F1 of the
        tagger alone, to first order; those about rare labels are left out.

        ledger (Ledger): Held-out data.
        RETURNS (LearnedRule | None): The fitted rule; None where one side is always the better one.
        """
        moves = ledger.moves()
        numbers = _of_common_labels(ledger, np.flatnonzero(np.abs(moves) > 1e-12))
        if not numbers:
            return None
        rows = [features(ledger.cases[ledger.case_of[n]], ledger.disagreements[n]) for n in numbers]
        size = np.abs(moves[numbers])
        weights = fit(rows, (moves[numbers] > 0).tolist(), (size / size.mean()).tolist(), PENALTY)
        if weights is None:
            return None
        alone = np.repeat([[True], [False]], len(ledger.disagreements), axis=1)
        slm, llm = ledger.f1(alone)
        return replace(self, weights=weights, better=LLM if llm > slm else SLM)

    def with_parameters(self, parameters: Mapping[str, Any]) -> Self:
        """parameters (Mapping[str, Any]): Plain data, such as `parameters` returned.
        RETURNS (LearnedRule): A copy with these weights.
        RAISES (ValueError): They are not an intercept and coefficients.
        """
        data = dict(parameters)
        if data.get("weights") is not None:
            try:
                data["weights"] = Weights.from_dict(data["weights"])
            except ValueError as error:
                raise self.invalid(f"'weights': {error}") from error
        return super().with_parameters(data)

    @property
    def description(self) -> str:
        """RETURNS (str): What the rule compares."""
        return "a regression on both models' readings and on the labelled sentences"

    def describe(self, case: Case, disagreement: Disagreement, decision: RuleDecision) -> str:
        """case (Case): Both readings of the window.
        disagreement (Disagreement): The disagreement that was decided.
        decision (RuleDecision): The decision.
        RETURNS (str): The comparison in numbers.
        """
        if not self.covers(disagreement):
            model = "tagger" if self.better == SLM else "language model"
            return f"the rule was not fitted to these labels, so the {model} wins"
        relation = "≥" if decision.side == SLM else "<"
        probability = f"{decision.slm_score:.2f} {relation} {decision.llm_score:.2f}"
        return f"the tagger is right with probability {probability}"


def _of_common_labels(ledger: Ledger, numbers: Iterable[int]) -> list[int]:
    """The disagreements all labels of which are in at least `MIN_DISAGREEMENTS` of them."""
    labels = {n: label_features(ledger.disagreements[n]) for n in numbers}
    counts = Counter(name for names in labels.values() for name in names)
    return [
        n for n, names in labels.items() if all(counts[name] >= MIN_DISAGREEMENTS for name in names)
    ]
