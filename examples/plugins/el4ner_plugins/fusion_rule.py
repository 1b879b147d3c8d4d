"""A fusion rule by which the language model fills the gaps that the tagger leaves."""

from dataclasses import dataclass, replace
from typing import ClassVar

from spacy_el4ner.api import Case, Disagreement, FusionRule, Ledger, RuleDecision, boundary

GRID = [n / 20 for n in range(21)]


@dataclass(frozen=True)
class FillGaps(FusionRule):
    """The language model wins where the tagger proposes nothing and its own entities are likely.

    threshold (float): The boundary probability from which the language model wins, 0 to 1.
    """

    name: ClassVar[str] = "fill_gaps"
    title: ClassVar[str] = "fusion, gaps filled"

    threshold: float = 0.9

    def __call__(self, case: Case, disagreement: Disagreement) -> RuleDecision:
        """RETURNS (RuleDecision): The scores of both sides; the higher one wins, or the tagger's."""
        if disagreement.slm:
            return RuleDecision(1.0, 0.0)
        return RuleDecision(self.threshold, boundary(case, disagreement))

    def fit(self, ledger: Ledger) -> "FillGaps":
        """RETURNS (FillGaps): The rule with the threshold that does best on held-out cases."""
        candidates = [replace(self, threshold=threshold) for threshold in GRID]
        return max(candidates, key=lambda rule: float(ledger.f1(rule.choices(ledger))))

    @property
    def description(self) -> str:
        """RETURNS (str): What the rule compares, for explanations."""
        return f"the language model fills a gap from a boundary probability of {self.threshold:.2f}"
