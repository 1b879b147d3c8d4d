"""The confidence of the ensemble in an entity, as it is and calibrated on labelled documents."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import replace

from spacy_el4ner.calibration.logistic import Weights, log_odds
from spacy_el4ner.types import Candidate, Verdict, Vote


def confidence(label: str, votes: Sequence[Vote], verdict: Verdict | None) -> float:
    """Compute the mean probability of a label. (Ours; the paper has no confidence.)

    label (str): The label that won the vote.
    votes (Sequence[Vote]): All votes. Abstentions count as missing.
    verdict (Verdict | None): The verifier's answer, if it was asked.
    RETURNS (float): 0 to 1: the mean of the probabilities that the voters give the label and that the
        verifier gives "true".
    """
    opinions = [vote.probabilities.get(label, 0.0) for vote in votes if not vote.abstained]
    if verdict is not None:
        opinions.append(verdict.probability)
    return sum(opinions) / len(opinions) if opinions else 0.0


def features(candidate: Candidate) -> Mapping[str, float]:
    """candidate (Candidate): A candidate with its label and raw confidence.
    RETURNS (Mapping[str, float]): The features of the calibration: log-odds of the raw confidence, of
        what each voter gives the label and of the verdict; the shares of the voters that agree on the
        label and that proposed the span; the label; the logarithm of the length in characters.
    """
    cast = [vote for vote in candidate.votes if not vote.abstained]
    count = max(1, len(cast))
    label, verdict = candidate.label, candidate.verdict
    values = {
        "confidence": log_odds(raw_confidence(candidate)),
        "agreement": sum(vote.label == label for vote in cast) / count,
        "proposed": sum(vote.extracted for vote in cast) / count,
        "length": math.log(candidate.end - candidate.start),
        f"label:{label}": 1.0,
    }
    for vote in cast:
        values[f"voter:{vote.voter}"] = log_odds(vote.probabilities.get(label, 0.0))
    if verdict is not None:
        values["verdict"] = log_odds(verdict.probability)
    return values


def raw_confidence(candidate: Candidate) -> float:
    """candidate (Candidate): A candidate.
    RETURNS (float): Its confidence before calibration, 0 to 1.
    """
    return candidate.confidence if candidate.raw_confidence is None else candidate.raw_confidence


def calibrated_candidate(candidate: Candidate, weights: Weights | None) -> Candidate:
    """candidate (Candidate): A candidate with its label and raw confidence.
    weights (Weights | None): A calibration fitted on labelled documents; None for none.
    RETURNS (Candidate): The candidate with the probability, by these weights, that it is right.
    """
    if weights is None:
        return candidate
    raw = raw_confidence(candidate)
    return replace(candidate, confidence=weights.probability(features(candidate)), raw_confidence=raw)
