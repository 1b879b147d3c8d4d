"""The rule of the paper (Xu et al. 2025, equations 1 to 3)."""

import math
from dataclasses import dataclass, replace
from typing import ClassVar, Self

from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Disagreement
from spacy_el4ner.fusion.evidence import entropy, llm_probability
from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.rules import lambda_search
from spacy_el4ner.fusion.rules.base import SLM, FusionRule, ParameterCurve, RuleDecision


@dataclass(frozen=True)
class PaperRule(FusionRule):
    """The tagger wins unless it is unsure: 1 − H ≥ λ·exp(P) (Xu et al. 2025, equations 1 to 3).

    H is the tagger's mean entropy over the tokens concerned, in nats; P is the language model's
    probability. The paper prints the comparison the other way round, against its own text and both of
    its examples.

    lam (float): The weight λ, above 0. Any value between 0 and 0.35 decides both examples of the
        paper as the paper does; a calibration finds the best one.
    RAISES (ValueError): `lam` is not above 0.
    """

    name: ClassVar[str] = "paper"
    title: ClassVar[str] = "fusion, the paper's rule"
    complexity: ClassVar[int] = 1

    lam: float = 0.2

    def __post_init__(self) -> None:
        self.check_positive("lam")

    def __call__(self, case: Case, disagreement: Disagreement) -> RuleDecision:
        """case (Case): Both readings of the window.
        disagreement (Disagreement): One of the case's disagreements.
        RETURNS (RuleDecision): 1 − H, and λ·exp(P).
        """
        scaled = self.lam * math.exp(llm_probability(case, disagreement))
        return RuleDecision(1 - entropy(case, disagreement.tokens), scaled)

    def fit(self, ledger: Ledger) -> Self:
        """ledger (Ledger): Held-out data.
        RETURNS (PaperRule): The rule with the best λ.
        """
        return replace(
            self, lam=lambda_search.best_lambda(ledger, replace(self, lam=1.0), default=self.lam)
        )

    def curve(self, ledger: Ledger) -> ParameterCurve:
        """ledger (Ledger): Held-out data.
        RETURNS (ParameterCurve): F1 over λ.
        """
        return lambda_search.curve(ledger, replace(self, lam=1.0))

    @property
    def description(self) -> str:
        """RETURNS (str): What the rule compares."""
        meaning = "H: the tagger's mean entropy in nats; P: the language model's probability"
        return f"λ = {self.lam:g}; {meaning}"

    def describe(self, case: Case, disagreement: Disagreement, decision: RuleDecision) -> str:
        """case (Case): Both readings of the window.
        disagreement (Disagreement): The disagreement that was decided.
        decision (RuleDecision): The decision.
        RETURNS (str): The comparison in numbers.
        """
        return comparison(decision, self.lam)


def comparison(decision: RuleDecision, lam: float, prime: str = "") -> str:
    """decision (RuleDecision): A decision.
    lam (float): The λ with which it was made.
    prime (str): Put behind H and P.
    RETURNS (str): "1 − H ≥ λ·e^P" in numbers.
    """
    slm, llm = decision.slm_score, decision.llm_score
    relation = "≥" if decision.side == SLM else "<"
    doubt = f"1 − H{prime} = 1 − {1 - slm:.2f} = {slm:.2f}"
    return f"{doubt} {relation} λ·e^P{prime} = {lam:g}·e^{math.log(llm / lam):.2f} = {llm:.2f}"
