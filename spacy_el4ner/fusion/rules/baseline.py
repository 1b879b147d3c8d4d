"""The base class of the rules that always take the same side."""

from dataclasses import dataclass
from typing import ClassVar

from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Disagreement
from spacy_el4ner.fusion.rules.base import SLM, FusionRule, RuleDecision


@dataclass(frozen=True)
class BaselineRule(FusionRule):
    """A rule that takes the side `always` in every disagreement."""

    complexity: ClassVar[int] = 0

    def __call__(self, case: Case, disagreement: Disagreement) -> RuleDecision:
        """case (Case): Both readings of the window.
        disagreement (Disagreement): One of the case's disagreements.
        RETURNS (RuleDecision): 1 for the rule's side and 0 for the other.
        """
        return RuleDecision(1.0, 0.0) if self.always == SLM else RuleDecision(0.0, 1.0)

    def describe(self, case: Case, disagreement: Disagreement, decision: RuleDecision) -> str:
        """case (Case): Both readings of the window.
        disagreement (Disagreement): The disagreement that was decided.
        decision (RuleDecision): The rule's decision about it.
        RETURNS (str): A remark that the rule always takes this side.
        """
        return f'the rule "{self.name}" always takes this side'
