"""What a rule decided against: it is kept beside the entities, for those who want to look."""

from spacy_el4ner.fusion.disagreements import Disagreement, disagreements
from spacy_el4ner.fusion.fuse import FusedMention
from spacy_el4ner.fusion.readings import Case
from spacy_el4ner.fusion.rules import LLM, SLM, Decision, Rule
from spacy_el4ner.types import Mention

REJECTED = "rejected"


def decisions(case: Case, rule: Rule) -> list[tuple[Disagreement, Decision]]:
    """RETURNS (list[tuple[Disagreement, Decision]]): Where the models disagree, and what the rule says
    there; nothing where there is one reading only.
    """
    return [(group, rule(case, group)) for group in disagreements(case)]


def rejected(case: Case, rule: Rule) -> list[FusedMention]:
    """RETURNS (list[FusedMention]): The mentions of the sides that lost, in order. The confidence is
    that of the model that had the mention, `how` is "rejected", and what was compared is in `scores`.
    """
    found = []
    for group, decision in decisions(case, rule):
        side = LLM if decision.side == SLM else SLM
        provenance = {
            "how": REJECTED,
            "side": side,
            "kind": group.kind,
            "rule": rule.name,
            "scores": {SLM: decision.slm_score, LLM: decision.llm_score},
        }
        for mention, p in _mentions(group, side):
            found.append(FusedMention(mention.start, mention.end, mention.label, p, provenance))
    return found


def _mentions(group: Disagreement, side: str) -> list[tuple[Mention, float]]:
    """The mentions of one side, each with the probability that this side gives it."""
    if side == SLM:
        return list(zip(group.slm, group.probabilities, strict=True))
    return [(m.mention, m.category * m.boundary) for m in group.llm]
