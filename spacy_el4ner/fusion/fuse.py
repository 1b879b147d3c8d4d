"""The fusion of both readings of a window into one."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.confidence import AGREEMENT, ALONE, BOTH, DECISION, confidence, raw_confidence
from spacy_el4ner.fusion.disagreements import Agreement, Disagreement, tokens_of
from spacy_el4ner.fusion.evidence import copying, entropy, llm_probability, slm_probability
from spacy_el4ner.fusion.readings import LLMMention
from spacy_el4ner.fusion.rules.base import LLM, SLM, FusionRule, RuleDecision
from spacy_el4ner.types import Mention

REJECTED = "rejected"


@dataclass(frozen=True)
class FusedMention:
    """An entity of the fused reading, or a mention that the rule rejected.

    start (int): Offset of its first character in the window.
    end (int): Offset one past its last character.
    label (str): Its label.
    confidence (float): 0 to 1; of a rejected mention, the probability by the model that had it.
    provenance (dict[str, Any]): Plain data; offsets in it are those of the document:
        how (str): "agreement", "decision" (the models disagreed), "alone" (there is one reading) or
            "rejected".
        side (str): Whose entity it is: "both", "slm" or "llm".
        kind (str | None): What the models disagreed about, "boundary" or "category".
        rule (str | None): The rule that decided.
        scores (dict[str, float] | None): The scores that the rule compared, by side.
        The following are missing for a rejected mention:
        raw (float): The confidence before calibration.
        slm (dict): The tagger's `entities` there, and its mean `entropy` in nats.
        llm (dict | None): The language model's `entities` there, with their category and boundary
            probabilities, the mean probability of `copied` tokens where it has none, whether these are
            `estimated`, and the `error` if there is no reading; None where it was not asked.
        A disputed entity also has `seen`: how often the labelled sentences have its words as such an
        entity (`labelled`), and `otherwise`.
    """

    start: int
    end: int
    label: str
    confidence: float
    provenance: dict[str, Any] = field(hash=False, compare=False)


@dataclass(frozen=True)
class FusedWindow:
    """The fused reading of a window.

    case (Case): The readings that were fused.
    entities (list[FusedMention]): The entities, in the order of the text, without overlap.
    rejected (list[FusedMention]): The mentions of the sides that lost, in the order of the text.
    decisions (list[tuple[Disagreement, RuleDecision]]): The disagreements, and the rule's decisions.
    """

    case: Case
    entities: list[FusedMention]
    rejected: list[FusedMention]
    decisions: list[tuple[Disagreement, RuleDecision]]


def fuse(case: Case, rule: FusionRule, weights: Weights | None = None) -> FusedWindow:
    """case (Case): The readings. Without one of the language model, the tagger's stands.
    rule (FusionRule): Decides the disagreements; agreements stand.
    weights (Weights | None): The calibration of the confidence; None leaves it raw.
    RETURNS (FusedWindow): The fused reading.
    """
    fused = FusedWindow(case, [], [], [])
    if not case.has_both:
        fused.entities.extend(_alone(case, weights))
    for group in case.groups:
        if isinstance(group, Agreement):
            fused.entities.append(_agreed(case, group, weights))
            continue
        decision = rule(case, group)
        fused.decisions.append((group, decision))
        fused.entities.extend(_won(case, group, decision, rule, weights))
        fused.rejected.extend(_lost(group, decision, rule))
    return fused


def _alone(case: Case, weights: Weights | None) -> Iterator[FusedMention]:
    for mention, p in zip(case.slm.mentions, case.slm.probabilities, strict=True):
        tokens = tokens_of(case.window, mention.start, mention.end)
        slm = _slm(case, [mention], [p], tokens)
        llm = None if case.llm is None else {**_llm(case, (), tokens), "copied": None}
        yield _fused(mention, p, ALONE, SLM, weights, {"slm": slm, "llm": llm})


def _agreed(case: Case, group: Agreement, weights: Weights | None) -> FusedMention:
    mention = group.slm
    tokens = tokens_of(case.window, mention.start, mention.end)
    raw = raw_confidence(group.probability, group.llm.category * group.llm.boundary)
    evidence = {
        "slm": _slm(case, [mention], [group.probability], tokens),
        "llm": _llm(case, [group.llm], tokens),
    }
    return _fused(mention, raw, AGREEMENT, BOTH, weights, evidence)


def _won(
    case: Case, group: Disagreement, decision: RuleDecision, rule: FusionRule, weights: Weights | None
) -> list[FusedMention]:
    """The mentions of the side that won."""
    evidence = {
        **_settled(group, decision, rule),
        "slm": _slm(case, group.slm, group.probabilities, group.tokens),
        "llm": _llm(case, group.llm, group.tokens),
    }
    pick = llm_probability if decision.side == SLM else slm_probability
    other = 1 - pick(case, group)
    return [
        _fused(mention, raw_confidence(p, other), DECISION, decision.side, weights, evidence)
        for mention, p in _mentions(group, decision.side)
    ]


def _lost(group: Disagreement, decision: RuleDecision, rule: FusionRule) -> list[FusedMention]:
    """The mentions of the side that lost, each with its own model's probability."""
    side = LLM if decision.side == SLM else SLM
    provenance = {"how": REJECTED, "side": side, **_settled(group, decision, rule)}
    return [
        FusedMention(mention.start, mention.end, mention.label, p, provenance)
        for mention, p in _mentions(group, side)
    ]


def _settled(group: Disagreement, decision: RuleDecision, rule: FusionRule) -> dict[str, Any]:
    scores = {SLM: decision.slm_score, LLM: decision.llm_score}
    return {"kind": group.kind, "rule": rule.name, "scores": scores}


def _mentions(group: Disagreement, side: str) -> list[tuple[Mention, float]]:
    """The mentions of one side, each with the probability that this side gives it."""
    if side == SLM:
        return list(zip(group.slm, group.probabilities, strict=True))
    return [(m.mention, m.category * m.boundary) for m in group.llm]


def _fused(
    mention: Mention, raw: float, how: str, side: str, weights: Weights | None, evidence: dict[str, Any]
) -> FusedMention:
    sure = confidence(raw, how, side, weights)
    undecided = {"kind": None, "rule": None, "scores": None}
    provenance = {"how": how, "side": side, **undecided, "raw": raw, **evidence}
    return FusedMention(mention.start, mention.end, mention.label, sure, provenance)


def _slm(
    case: Case, mentions: Sequence[Mention], probabilities: Sequence[float], tokens: range
) -> dict[str, Any]:
    entities = [
        {**_place(case, mention), "probability": p}
        for mention, p in zip(mentions, probabilities, strict=True)
    ]
    return {"entities": entities, "entropy": entropy(case, tokens)}


def _llm(case: Case, mentions: Sequence[LLMMention], tokens: range) -> dict[str, Any]:
    assert case.llm is not None
    entities = [
        {**_place(case, m.mention), "category": m.category, "boundary": m.boundary} for m in mentions
    ]
    return {
        "entities": entities,
        "copied": None if entities else copying(case, tokens),
        "estimated": case.llm.estimated,
        "error": case.llm.error,
    }


def _place(case: Case, mention: Mention) -> dict[str, Any]:
    at = case.window.start
    place = {"start": at + mention.start, "end": at + mention.end, "label": mention.label}
    return {**place, "seen": asdict(case.seen[mention])} if mention in case.seen else place
