"""Two readings into one."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

from spacy_el4ner.fusion.confidence import AGREEMENT, ALONE, BOTH, DECISION, confidence, raw_confidence
from spacy_el4ner.fusion.disagreements import Agreement, Disagreement, compare, tokens_of
from spacy_el4ner.fusion.evidence import copying, entropy, llm_probability, slm_probability
from spacy_el4ner.fusion.readings import Case, LLMMention
from spacy_el4ner.fusion.rules import LLM, SLM, Rule
from spacy_el4ner.types import Mention


@dataclass(frozen=True)
class FusedMention:
    """An entity of the fused reading.

    start (int), end (int): Offsets in the window.
    label (str): Its type.
    confidence (float): 0 to 1.
    provenance (dict[str, Any]): Plain data; the offsets in it are those of the document:
        how (str): "agreement", "decision" (the models disagreed) or "alone" (there is one reading).
        side (str): Whose entity it is: "both", "slm" or "llm".
        kind (str | None): What the models disagreed about, "boundary" or "category".
        rule (str | None): The rule that decided.
        scores (dict[str, float] | None): What it compared, by side.
        raw (float): The confidence before calibration.
        slm (dict): `entities` of the tagger there and its mean `entropy` in nats.
        llm (dict | None): `entities` of the language model there, with their category and boundary
            probabilities, the mean probability of `copied` tokens where it has none, whether these are
            `estimated`, and the `error` if there is no reading; None where it was not asked.
        An entity that they disagreed about also says how often the labelled sentences have its words
        (`seen`) as such an entity (`labelled`), and `otherwise`.
    """

    start: int
    end: int
    label: str
    confidence: float
    provenance: dict[str, Any] = field(hash=False, compare=False)


def fuse(case: Case, rule: Rule) -> list[FusedMention]:
    """case (Case): What the models say. Where the language model was not asked or gave no reading, the
        tagger's stands.
    rule (Rule): Decides where they disagree; agreements stand.
    RETURNS (list[FusedMention]): Entities in the order of the text, without overlap.
    """
    if case.llm is None or case.llm.error:
        return list(_alone(case, rule))
    return [
        mention
        for group in compare(case)
        for mention in (
            [_agreed(case, group, rule)]
            if isinstance(group, Agreement)
            else _decided(case, group, rule)
        )
    ]


def _alone(case: Case, rule: Rule) -> Iterator[FusedMention]:
    for mention, p in zip(case.slm.mentions, case.slm.probabilities, strict=True):
        tokens = tokens_of(case.window, mention.start, mention.end)
        slm = _slm(case, [mention], [p], tokens)
        llm = None if case.llm is None else {**_llm(case, (), tokens), "copied": None}
        yield _fused(mention, p, ALONE, SLM, rule, {"slm": slm, "llm": llm})


def _agreed(case: Case, group: Agreement, rule: Rule) -> FusedMention:
    mention = group.slm
    tokens = tokens_of(case.window, mention.start, mention.end)
    raw = raw_confidence(group.probability, group.llm.category * group.llm.boundary)
    said = {
        "slm": _slm(case, [mention], [group.probability], tokens),
        "llm": _llm(case, [group.llm], tokens),
    }
    return _fused(mention, raw, AGREEMENT, BOTH, rule, said)


def _decided(case: Case, group: Disagreement, rule: Rule) -> list[FusedMention]:
    decision = rule(case, group)
    said = {
        "kind": group.kind,
        "rule": rule.name,
        "scores": {SLM: decision.slm_score, LLM: decision.llm_score},
        "slm": _slm(case, group.slm, group.probabilities, group.tokens),
        "llm": _llm(case, group.llm, group.tokens),
    }
    if decision.side == SLM:
        other = 1 - llm_probability(case, group)
        won = list(zip(group.slm, group.probabilities, strict=True))
    else:
        other = 1 - slm_probability(case, group)
        won = [(m.mention, m.category * m.boundary) for m in group.llm]
    return [
        _fused(mention, raw_confidence(p, other), DECISION, decision.side, rule, said)
        for mention, p in won
    ]


def _fused(
    mention: Mention, raw: float, how: str, side: str, rule: Rule, said: dict[str, Any]
) -> FusedMention:
    sure = confidence(raw, how, side, rule.calibration.confidence)
    settled = {"kind": None, "rule": None, "scores": None}
    provenance = {"how": how, "side": side, **settled, "raw": raw, **said}
    return FusedMention(mention.start, mention.end, mention.label, sure, provenance)


def _slm(
    case: Case, mentions: Sequence[Mention], probabilities: Sequence[float], tokens: range
) -> dict[str, Any]:
    found = [
        {**_place(case, mention), "probability": p}
        for mention, p in zip(mentions, probabilities, strict=True)
    ]
    return {"entities": found, "entropy": entropy(case, tokens)}


def _llm(case: Case, mentions: Sequence[LLMMention], tokens: range) -> dict[str, Any]:
    assert case.llm is not None
    found = [
        {**_place(case, m.mention), "category": m.category, "boundary": m.boundary} for m in mentions
    ]
    return {
        "entities": found,
        "copied": None if found else copying(case, tokens),
        "estimated": case.llm.estimated,
        "error": case.llm.error,
    }


def _place(case: Case, mention: Mention) -> dict[str, Any]:
    at = case.window.start
    place = {"start": at + mention.start, "end": at + mention.end, "label": mention.label}
    return {**place, "seen": asdict(case.seen[mention])} if mention in case.seen else place
