"""The confidence of the fusion in an entity."""

from collections.abc import Mapping

from spacy_el4ner.calibration.logistic import Weights, log_odds

AGREEMENT, DECISION, ALONE = "agreement", "decision", "alone"
"""Both models have the entity; a rule decided for one side; there is only the tagger's reading."""
BOTH = "both"


def raw_confidence(probability: float, other: float) -> float:
    """probability (float): The entity's probability by the model that has it, 0 to 1.
    other (float): The most that the other model can give it: its own probability of the same entity,
        or what it leaves for anything but its own answer.
    RETURNS (float): Their mean, the probability by both models together, 0 to 1. (Ours; the paper has
        no confidence.)
    """
    return (probability + other) / 2


def confidence(raw: float, how: str, side: str, weights: Weights | None) -> float:
    """raw (float): The confidence before calibration, 0 to 1.
    how (str): How the entity came about: "agreement", "decision" or "alone".
    side (str): Whose entity it is: "both", "slm" or "llm".
    weights (Weights | None): A calibration fitted on held-out data; None for none.
    RETURNS (float): The calibrated confidence, 0 to 1.
    """
    return raw if weights is None else weights.probability(features(raw, how, side))


def features(raw: float, how: str, side: str) -> Mapping[str, float]:
    """raw (float): The confidence before calibration, 0 to 1.
    how (str): How the entity came about.
    side (str): Whose entity it is.
    RETURNS (Mapping[str, float]): The features of the confidence's calibration.
    """
    return {"raw": log_odds(raw), how if how != DECISION else f"{how}:{side}": 1.0}
