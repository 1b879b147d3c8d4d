"""How sure the fusion is of an entity."""

from collections.abc import Mapping

from spacy_el4ner.fusion.logistic import Weights, log_odds

AGREEMENT, DECISION, ALONE = "agreement", "decision", "alone"
"""Both models have the entity; one was believed against the other; the tagger alone was asked."""
BOTH = "both"


def raw_confidence(probability: float, other: float) -> float:
    """probability (float): Of the model that has the entity, for it.
    other (float): The most that the other model can give it: its own probability for the same entity,
        or what it leaves for anything but its own answer.
    RETURNS (float): Their mean, which is what the two models together give the entity. (Ours; the paper
        has no confidence.)
    """
    return (probability + other) / 2


def confidence(raw: float, how: str, side: str, weights: Weights | None) -> float:
    """raw (float): Before calibration.
    how (str), side (str): How the entity came about, and whose it is.
    weights (Weights | None): Fitted on held-out data; None for none.
    RETURNS (float): 0 to 1.
    """
    return raw if weights is None else weights.probability(features(raw, how, side))


def features(raw: float, how: str, side: str) -> Mapping[str, float]:
    """RETURNS (Mapping[str, float]): What the fit of the confidence sees of an entity."""
    return {"raw": log_odds(raw), how if how != DECISION else f"{how}:{side}": 1.0}
