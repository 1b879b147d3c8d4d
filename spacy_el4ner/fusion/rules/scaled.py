"""The paper's rule with fitted temperatures and a normalised entropy."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from spacy_el4ner.calibration.logistic import fit_temperature, temper
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Disagreement
from spacy_el4ner.fusion.evidence import entropy, greatest_entropy, llm_probability
from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.rules import lambda_search
from spacy_el4ner.fusion.rules.base import FusionRule, RuleDecision
from spacy_el4ner.fusion.rules.paper import comparison


@dataclass(frozen=True)
class ScaledRule(FusionRule):
    """The tagger wins unless it is unsure: 1 − H′ ≥ λ·exp(P′). (Ours.)

    H′ is the tagger's entropy as a share of the greatest entropy possible with its tags, so that λ
    means the same for every label set. Both probabilities are divided by a fitted temperature first.

    lam (float): The weight λ, above 0.
    slm_temperature (float): Divides the tagger's log-probabilities; 1 leaves them unchanged.
    llm_temperature (float): Divides the log-odds of the language model's probabilities; 1 leaves them
        unchanged.
    RAISES (ValueError): A parameter is not above 0.
    """

    name: ClassVar[str] = "scaled"
    title: ClassVar[str] = "fusion, scaled"
    complexity: ClassVar[int] = 3

    lam: float = 0.2
    slm_temperature: float = 1.0
    llm_temperature: float = 1.0

    def __post_init__(self) -> None:
        self.check_positive("lam", "slm_temperature", "llm_temperature")

    def __call__(self, case: Case, disagreement: Disagreement) -> RuleDecision:
        """case (Case): Both readings of the window.
        disagreement (Disagreement): One of the case's disagreements.
        RETURNS (RuleDecision): 1 − H′, and λ·exp(P′).
        """
        share = entropy(case, disagreement.tokens, self.slm_temperature) / greatest_entropy(case)
        tempered = temper(llm_probability(case, disagreement), self.llm_temperature)
        return RuleDecision(1 - share, self.lam * math.exp(tempered))

    def fit(self, ledger: Ledger) -> Self:
        """Fit the temperatures, then λ. The temperatures are those under which the models'
        probabilities of their mentions best predict which mentions are right: the gold entities of a
        window say nothing about single tags.

        ledger (Ledger): Held-out data.
        RETURNS (ScaledRule): The fitted rule.
        """
        slm: list[tuple[float, bool]] = []
        llm: list[tuple[float, bool]] = []
        for case in ledger.cases:
            tagged = zip(case.slm.mentions, case.slm.probabilities, strict=True)
            slm += [(p, mention in case.gold) for mention, p in tagged]
            if case.llm is not None and not case.llm.estimated:
                llm += [(m.category * m.boundary, m.mention in case.gold) for m in case.llm.mentions]
        tempered = replace(
            self,
            slm_temperature=fit_temperature([p for p, _ in slm], [right for _, right in slm]),
            llm_temperature=fit_temperature([p for p, _ in llm], [right for _, right in llm]),
        )
        unscaled = replace(tempered, lam=1.0)
        return replace(tempered, lam=lambda_search.best_lambda(ledger, unscaled, default=self.lam))

    @property
    def description(self) -> str:
        """RETURNS (str): What the rule compares."""
        return (
            f"λ = {self.lam:g}; H′: the tagger's entropy as a share of the greatest one; P′: the "
            "language model's probability; both after their temperatures"
        )

    def describe(self, case: Case, disagreement: Disagreement, decision: RuleDecision) -> str:
        """case (Case): Both readings of the window.
        disagreement (Disagreement): The disagreement that was decided.
        decision (RuleDecision): The decision.
        RETURNS (str): The comparison in numbers.
        """
        return comparison(decision, self.lam, "′")
