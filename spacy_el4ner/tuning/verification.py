"""Verification by each voter: how well it tells right from wrong, and whether it helps."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from spacy_el4ner.calibration.logistic import sigmoid
from spacy_el4ner.calibration.offsets import best_offset
from spacy_el4ner.ensemble.confidence import confidence
from spacy_el4ner.tuning.extraction import GAIN
from spacy_el4ner.tuning.replay import Sentences
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.tuning.thresholds import auc, cross_validated_shift
from spacy_el4ner.types import Candidate, Verdict

LEAST = 5
"""The fewest right candidates, and wrong ones, on which verification is judged."""
SUREST = 30.0
"""Log-odds of a certain answer, in nats."""


@dataclass(frozen=True)
class FittedVerification:
    """The choice of the verifier, and the offsets of verification.

    offsets (dict[str, float]): Voter whose verification helps -> offset on "true", in nats.
    verifier (str | None): The best of these voters; None if there are none.
    useful (bool): False if verification was measured and does not help.
    f1 (float): Cross-validated F1 with the best choice, 0 to 1.
    confirmed (Sequence[Candidate]): The candidates that remain with it, to which the confidence is
        fitted; none where it is not known which remain.
    steps (list[Step]): The effect of verification by each voter.
    """

    offsets: Mapping[str, float] = field(default_factory=dict)
    verifier: str | None = None
    useful: bool = True
    f1: float = 0.0
    confirmed: Sequence[Candidate] = ()
    steps: Sequence[Step] = field(default_factory=list)


def fit_verification(
    sentences: Sentences,
    candidates: Sequence[Candidate],
    answers: Mapping[str, Sequence[float]],
    exact: Mapping[str, bool],
) -> FittedVerification:
    """sentences (Sentences): The sentences.
    candidates (Sequence[Candidate]): The candidates that remain after the vote.
    answers (Mapping[str, Sequence[float]]): Voter -> probability of "true" for each candidate.
    exact (Mapping[str, bool]): Voter -> whether its probabilities are the model's own.
    RETURNS (FittedVerification): The choices that raise the cross-validated F1.
    """
    right = np.array([sentences.right(c) for c in candidates], dtype=bool)
    plain = sentences.f1(candidates)
    where = [c.document for c in candidates]
    if min(int(right.sum()), int((~right).sum())) < LEAST:
        choice = f"fewer than {LEAST} right or wrong candidates: as set"
        steps = [Step("verification", "", "F1 of the ensemble", plain, None, choice)]
        return FittedVerification(dict.fromkeys(answers, 0.0), None, True, plain, (), steps)
    offsets, scores, remaining, steps = {}, {}, {}, []
    for name, probabilities in answers.items():
        margins = np.array([_log_odds(p) for p in probabilities])
        shifted = margins
        if exact[name]:
            shifted = cross_validated_shift(margins, right, where, sentences.gold)
        remaining[name] = [
            _confirmed(c, name, sigmoid(float(margin)))
            for c, margin in zip(candidates, shifted, strict=True)
            if margin > 0
        ]
        scores[name] = sentences.f1(remaining[name])
        area = auc(margins, right)
        measure = f'F1 of the ensemble (AUC of "true" {area:.2f})'
        choice = "does not verify"
        if scores[name] > plain + GAIN:
            offsets[name] = best_offset(margins, right, sum(sentences.gold)) if exact[name] else 0.0
            choice = f"verifies with an offset of {offsets[name]:+.2f}"
        steps.append(Step("verification", name, measure, plain, scores[name], choice))
    best = max(offsets, key=lambda name: scores[name], default=None)
    if answers:
        with_ = scores[best] if best else max(scores.values())
        choice = f"by {best}" if best else "off"
        steps.append(Step("verification", "", "F1 of the ensemble", plain, with_, choice))
    f1, confirmed = (scores[best], remaining[best]) if best else (plain, candidates)
    return FittedVerification(offsets, best, best is not None, f1, confirmed, steps)


def _confirmed(candidate: Candidate, verifier: str, probability: float) -> Candidate:
    """A candidate that a verifier calls right, with this probability."""
    verdict = Verdict(verifier, True, probability)
    sure = confidence(candidate.label, candidate.votes, verdict)
    return replace(candidate, verdict=verdict, confidence=sure)


def _log_odds(probability: float) -> float:
    if probability <= 0 or probability >= 1:
        return math.copysign(SUREST, probability - 0.5)
    return math.log(probability) - math.log1p(-probability)
