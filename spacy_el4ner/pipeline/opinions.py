"""What each model said of a span, whichever component asked them, and how far they are from agreeing.

All of it is read from what `span._.provenance` holds.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from spacy_el4ner.fusion.rejected import REJECTED
from spacy_el4ner.fusion.rules import LLM, SLM

MODELS = {SLM: "tagger", LLM: "language model"}
"""What the two sides of a fusion are called for people."""


@dataclass(frozen=True)
class Opinion:
    """What one model says.

    by (str): A backbone of an ensemble, or the side of a fusion.
    start (int), end (int): The span that it speaks of, offsets in the document.
    label (str): The type that it gives, or "" for "no entity".
    probability (float | None): Of that, 0 to 1; None where nobody gave one.
    others (tuple[tuple[str, float], ...]): The other options with their probability, greatest first.
    """

    by: str
    start: int
    end: int
    label: str
    probability: float | None
    others: tuple[tuple[str, float], ...] = ()


def opinions(start: int, end: int, label: str, record: Mapping[str, Any]) -> list[Opinion]:
    """start (int), end (int), label (str): A span of `doc.spans`.
    record (Mapping[str, Any]): Its record in `doc._.el4ner["spans"]`.
    RETURNS (list[Opinion]): What the models say there: of an ensemble, each vote; of a fusion, the
        mentions of both sides, which may be others than the span. A span that a fusion rejected only
        has that of the model whose mention it was.
    """
    provenance = record["provenance"]
    if "votes" in provenance:
        return [_vote(start, end, vote) for vote in provenance["votes"]]
    if provenance["how"] == REJECTED:
        by = MODELS[provenance["side"]]
        return [Opinion(by, start, end, label, record["confidence"])]
    return [
        opinion
        for side in (SLM, LLM)
        if provenance[side] is not None and not provenance[side].get("error")
        for opinion in _side(start, end, side, provenance[side])
    ]


def disputed(label: str, record: Mapping[str, Any]) -> bool:
    """label (str): The type of a span.
    record (Mapping[str, Any]): Its record.
    RETURNS (bool): Whether any model said otherwise.
    """
    provenance = record["provenance"]
    if "votes" in provenance:
        return any(vote["label"] != label for vote in provenance["votes"])
    return provenance["scores"] is not None


def dispute(record: Mapping[str, Any]) -> float:
    """How much a person's answer would settle, 0 to 1. The measures are ours.

    Of an ensemble it is the entropy of the mean of its votes' probabilities, as a share of the
    greatest there can be. Of a fusion it is, where the models disagree, ½ and half the nearness of the
    two scores that its rule compared; else half the entropy of the confidence, in bits.

    record (Mapping[str, Any]): The record of a span.
    RETURNS (float): 0 (everyone is sure of the same) to 1.
    """
    provenance = record["provenance"]
    if "votes" not in provenance:
        scores = provenance["scores"]
        return 0.5 * _binary(record["confidence"]) if scores is None else 0.5 + 0.5 * _near(scores)
    votes = [vote["probabilities"] for vote in provenance["votes"]]
    if not votes:
        return 0.5 * _binary(record["confidence"])
    return _entropy([fmean(vote.get(option, 0.0) for vote in votes) for option in votes[0]])


def _vote(start: int, end: int, vote: Mapping[str, Any]) -> Opinion:
    others = {label: p for label, p in vote["probabilities"].items() if label != vote["label"]}
    ordered = sorted(others.items(), key=lambda option: (-option[1], option[0]))
    probability = None if vote["estimated"] else vote["probability"]
    shown = () if vote["estimated"] else tuple(ordered)
    return Opinion(vote["backbone"], start, end, vote["label"], probability, shown)


def _side(start: int, end: int, side: str, said: Mapping[str, Any]) -> list[Opinion]:
    if not said["entities"]:
        return [Opinion(MODELS[side], start, end, "", said.get("copied"))]
    return [
        Opinion(MODELS[side], e["start"], e["end"], e["label"], _probability(side, e, said))
        for e in said["entities"]
    ]


def _probability(side: str, entity: Mapping[str, Any], said: Mapping[str, Any]) -> float | None:
    if side == SLM:
        return float(entity["probability"])
    return None if said["estimated"] else entity["category"] * entity["boundary"]


def _near(scores: Mapping[str, float]) -> float:
    """RETURNS (float): 1 for equal scores, 0 for scores of which one is nothing beside the other."""
    slm, llm = scores[SLM], scores[LLM]
    apart = abs(slm - llm)
    return 1 - apart / max(abs(slm), abs(llm), apart) if apart else 1.0


def _binary(p: float) -> float:
    return _entropy([p, 1 - p])


def _entropy(probabilities: Sequence[float]) -> float:
    """RETURNS (float): Entropy as a share of that of equal probabilities."""
    total = math.fsum(probabilities)
    if len(probabilities) < 2 or not total > 0:
        return 0.0
    shares = [p / total for p in probabilities if p > 0]
    return max(0.0, -math.fsum(p * math.log(p) for p in shares) / math.log(len(probabilities)))
