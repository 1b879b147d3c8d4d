"""Opinions of the models on a span, for either component, and measures of their disagreement.

Both are derived from `span._.provenance`.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from spacy_el4ner.fusion.fuse import REJECTED
from spacy_el4ner.fusion.rules.base import LLM, SLM
from spacy_el4ner.types import Vote

Pooling = Callable[[Sequence[Vote]], Mapping[str, float]]
"""Makes one distribution of the votes on a span: label, "" for "no entity" -> its probability."""
MODELS = {SLM: "tagger", LLM: "language model"}
"""Readable names of the two sides of a fusion."""


@dataclass(frozen=True)
class Opinion:
    """The opinion of one model on a span.

    by (str): A voter of an ensemble, or the side of a fusion.
    start (int), end (int): Offsets of the span in the document.
    label (str): The label that it gives, or "" for "no entity".
    probability (float | None): Probability of the label, 0 to 1; None if it is unknown.
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
        return [_vote(start, end, vote) for vote in _cast(provenance)]
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
        return any(vote["label"] != label for vote in _cast(provenance))
    return provenance["scores"] is not None


def mean_vote(votes: Sequence[Vote]) -> dict[str, float]:
    """votes (Sequence[Vote]): The votes on a span, at least one.
    RETURNS (dict[str, float]): The mean of their probabilities.
    """
    options = votes[0].probabilities
    return {option: fmean(vote.probabilities.get(option, 0.0) for vote in votes) for option in options}


def dispute(record: Mapping[str, Any], pooling: Pooling = mean_vote) -> float:
    """Compute how disputed a span is. The measures are ours.

    For an ensemble, it is the entropy of the pooled votes, as a share of its maximum. For a fusion
    whose models disagree, it is ½ plus half the closeness of the two scores that the rule compared;
    where they agree, it is half the entropy of the confidence, in bits.

    record (Mapping[str, Any]): The record of a span.
    pooling (Callable): Makes one distribution of the votes.
    RETURNS (float): 0 (all models are certain of the same label) to 1.
    """
    provenance = record["provenance"]
    if "votes" not in provenance:
        scores = provenance["scores"]
        return 0.5 * _binary(record["confidence"]) if scores is None else 0.5 + 0.5 * _near(scores)
    votes = [
        Vote(vote["voter"], vote["label"], vote["probability"], vote["probabilities"])
        for vote in _cast(provenance)
    ]
    if not votes:
        return 0.5 * _binary(record["confidence"])
    return _entropy(list(pooling(votes).values()))


def _cast(provenance: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The votes without abstentions, which say nothing for or against."""
    return [vote for vote in provenance["votes"] if not vote["abstained"]]


def _vote(start: int, end: int, vote: Mapping[str, Any]) -> Opinion:
    others = {label: p for label, p in vote["probabilities"].items() if label != vote["label"]}
    ordered = sorted(others.items(), key=lambda option: (-option[1], option[0]))
    probability = None if vote["estimated"] else vote["probability"]
    shown = () if vote["estimated"] else tuple(ordered)
    return Opinion(vote["voter"], start, end, vote["label"], probability, shown)


def _side(start: int, end: int, side: str, reading: Mapping[str, Any]) -> list[Opinion]:
    if not reading["entities"]:
        return [Opinion(MODELS[side], start, end, "", reading.get("copied"))]
    return [
        Opinion(MODELS[side], e["start"], e["end"], e["label"], _probability(side, e, reading))
        for e in reading["entities"]
    ]


def _probability(side: str, entity: Mapping[str, Any], reading: Mapping[str, Any]) -> float | None:
    if side == SLM:
        return float(entity["probability"])
    return None if reading["estimated"] else entity["category"] * entity["boundary"]


def _near(scores: Mapping[str, float]) -> float:
    """RETURNS (float): 1 for equal scores, 0 where one score is negligible next to the other."""
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
