"""The calibration of the fusion's confidence on held-out windows."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spacy_el4ner.calibration.logistic import Weights, fit
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.confidence import confidence, features
from spacy_el4ner.fusion.fuse import fuse
from spacy_el4ner.fusion.rules.base import FusionRule
from spacy_el4ner.types import Mention


@dataclass(frozen=True)
class JudgedEntity:
    """An entity of the fusion, compared with the gold entities.

    raw (float): Its confidence before calibration, 0 to 1.
    how (str): How it came about: "agreement", "decision" or "alone".
    side (str): Whose it is: "both", "slm" or "llm".
    right (bool): Whether it is a gold entity.
    """

    raw: float
    how: str
    side: str
    right: bool

    def confidence(self, weights: Weights | None) -> float:
        """weights (Weights | None): A calibration; None for the raw confidence.
        RETURNS (float): The confidence, 0 to 1.
        """
        return confidence(self.raw, self.how, self.side, weights)

    def error(self, weights: Weights | None) -> float:
        """weights (Weights | None): A calibration; None for the raw confidence.
        RETURNS (float): Squared error of the confidence, 0 to 1.
        """
        return (self.confidence(weights) - self.right) ** 2


def judge_both(case: Case, rule: FusionRule) -> list[JudgedEntity]:
    """case (Case): A held-out window with its gold entities.
    rule (FusionRule): The rule that decides.
    RETURNS (list[JudgedEntity]): The entities of the fusion, and those of the tagger alone, which are
        what remains where the language model is not asked.
    """
    return [*judge(case, rule), *judge(replace(case, llm=None), rule)]


def judge(case: Case, rule: FusionRule) -> list[JudgedEntity]:
    """case (Case): A held-out window with its gold entities.
    rule (FusionRule): The rule that decides.
    RETURNS (list[JudgedEntity]): The entities of the fusion.
    """
    return [
        JudgedEntity(
            m.provenance["raw"],
            m.provenance["how"],
            m.provenance["side"],
            Mention(m.start, m.end, m.label) in case.gold,
        )
        for m in fuse(case, rule).entities
    ]


def fit_confidence(entities: Sequence[JudgedEntity]) -> Weights | None:
    """entities (Sequence[JudgedEntity]): Entities of held-out windows.
    RETURNS (Weights | None): A regression from the raw confidence to the probability that an entity is
        right; None where all are right or all are wrong.
    """
    rows = [features(e.raw, e.how, e.side) for e in entities]
    return fit(rows, [e.right for e in entities])
