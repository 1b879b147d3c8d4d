"""The neutral word, label priors and a temperature for a voter, and a threshold for "no entity"."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.calibration.labels import FLOOR, LabelCalibration, fit, without
from spacy_el4ner.calibration.offsets import best_offset
from spacy_el4ner.tuning.extraction import GAIN
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.tuning.thresholds import FOLDS, f1
from spacy_el4ner.voters.base import Ballot

LEAST = 10
"""The fewest entities from which priors are fitted."""
WEIGHTS = (0.0, 0.5, 1.0)
"""Shares of the log-probabilities about the neutral word that are tried."""


@dataclass(frozen=True)
class Classified:
    """A span that a voter classified.

    sentence (int): Its sentence.
    probabilities (dict[str, float]): Label -> raw probability, "" standing for "no entity".
    gold (str): Its label; "" for a span that is not an entity.
    proposed (bool): Whether a voter proposed it; other spans serve only for fitting.
    """

    sentence: int
    probabilities: Mapping[str, float]
    gold: str
    proposed: bool = True


@dataclass(frozen=True)
class FittedLabels:
    """The calibration of a voter's labels.

    calibration (LabelCalibration | None): Calibration fitted to all spans; None to leave the
        probabilities as they are.
    folds (list[LabelCalibration | None]): The same for each fold, fitted to the other folds.
    steps (list[Step]): The effect of each part.
    f1 (float | None): Cross-validated F1 of the labels of the proposed spans, 0 to 1; None where it was
        not measured.
    neutral (float): Share of the log-probabilities about the neutral word that is subtracted before.
    """

    calibration: LabelCalibration | None = None
    folds: Sequence[LabelCalibration | None] = field(default_factory=lambda: [None] * FOLDS)
    steps: Sequence[Step] = field(default_factory=list)
    f1: float | None = None
    neutral: float = 0.0

    def ballot(self, ballot: Ballot, fold: int, options: Sequence[str]) -> Ballot:
        """ballot (Ballot): A ballot, corrected by the whole neutral word where it has raw
            probabilities.
        fold (int): The fold of its sentence.
        options (Sequence[str]): The labels, and "".
        RETURNS (Ballot): The ballot as calibrated by what was fitted to the other folds.
        """
        calibration = self.folds[fold]
        plain = uncorrected(ballot)
        if ballot.unread or (calibration is None and not self.neutral):
            return plain
        probabilities = corrected(ballot, self.neutral)
        if calibration is not None:
            logprobs = [log_probability(probabilities.get(o, 0.0)) for o in options]
            values = map(math.exp, calibration(logprobs))
            probabilities = dict(zip(options, values, strict=True))
        return replace(plain, probabilities=probabilities, raw=plain.probabilities)


def uncorrected(ballot: Ballot) -> Ballot:
    """ballot (Ballot): A ballot.
    RETURNS (Ballot): The ballot as the voter cast it, without any calibration.
    """
    return replace(ballot, probabilities=ballot.raw, raw={}) if ballot.raw else ballot


def corrected(ballot: Ballot, weight: float) -> Mapping[str, float]:
    """ballot (Ballot): A ballot, corrected by the whole neutral word where it has raw probabilities.
    weight (float): Share of the correction, 0 to 1.
    RETURNS (dict[str, float]): Its probabilities with this share.
    """
    if not ballot.raw or weight == 1.0:
        return ballot.probabilities
    if not weight:
        return ballot.raw
    raw = [log_probability(p) for p in ballot.raw.values()]
    whole = [log_probability(ballot.probabilities[label]) for label in ballot.raw]
    bias = [a - b for a, b in zip(raw, whole, strict=True)]
    values = map(math.exp, without(raw, bias, weight))
    return dict(zip(ballot.raw, values, strict=True))


def fit_with_neutral(
    voter: str,
    spans: Mapping[float, Sequence[Classified]],
    labels: Sequence[str],
    gold: Sequence[int],
) -> FittedLabels:
    """voter (str): Name of the voter.
    spans (Mapping[float, Sequence[Classified]]): Share of the log-probabilities about the neutral word
        that is subtracted -> the spans as the voter classified them with it; 0 is among them.
    labels (Sequence[str]): The labels, without "".
    gold (Sequence[int]): Number of gold entities of each sentence.
    RETURNS (FittedLabels): What `fit_labels` fits with the share that has the highest cross-validated
        F1; with none subtracted if that does not raise it.
    """
    fitted = {
        weight: replace(fit_labels(voter, classified, labels, gold), neutral=weight)
        for weight, classified in spans.items()
    }
    plain = fitted.pop(0.0)
    if plain.f1 is None or not fitted:
        return plain
    best = max(fitted.values(), key=lambda f: f.f1 or 0.0)
    helps = (best.f1 or 0.0) > plain.f1 + GAIN
    choice = f"{best.neutral:g} subtracted" if helps else "not subtracted"
    step = Step("neutral word", voter, "F1 of labels", plain.f1, best.f1, choice)
    best = best if helps else plain
    return replace(best, steps=[step, *best.steps])


def fit_labels(
    voter: str, spans: Sequence[Classified], labels: Sequence[str], gold: Sequence[int]
) -> FittedLabels:
    """voter (str): Name of the voter.
    spans (Sequence[Classified]): Spans that it classified, right and wrong ones.
    labels (Sequence[str]): The labels, without "".
    gold (Sequence[int]): Number of gold entities of each sentence.
    RETURNS (FittedLabels): Priors and temperature fitted by log-loss, and a threshold for "no entity"
        fitted by F1, each only if it raises the cross-validated F1 of the labels of the proposed spans.
    """
    options = [*labels, ""]
    if sum(bool(span.gold) for span in spans) < LEAST:
        choice = f"fewer than {LEAST} entities: no priors"
        step = Step("labels", voter, "F1 of labels", None, None, choice)
        return FittedLabels(steps=[step])
    table = _Table(spans, options, gold)
    folds = [fit(*table.without(fold)) for fold in range(FOLDS)]
    plain = table.f1(table.logprobs)
    fitted = table.f1(table.apply(folds))
    lowered = [_lower(c, *table.margins(c, fold)) for fold, c in enumerate(folds)]
    threshold = table.f1(table.apply(lowered))
    whole = fit(table.logprobs, table.gold)
    final = _lower(whole, *table.margins(whole, None))
    if threshold <= max(plain, fitted) + GAIN:
        lowered, final = list(folds), whole
    helps = max(fitted, threshold) > plain + GAIN
    steps = [
        Step("labels", voter, "F1 of labels", plain, fitted, "priors" if helps else "no priors"),
        Step(
            "labels",
            voter,
            'F1 with a threshold for "no entity"',
            fitted,
            threshold,
            f"threshold {final.prior[-1] - whole.prior[-1]:+.2f}" if final is not whole else "none",
        ),
    ]
    if not helps:
        return FittedLabels(steps=steps, f1=plain)
    return FittedLabels(final, lowered, steps, threshold if final is not whole else fitted)


def log_probability(probability: float) -> float:
    """probability (float): A probability.
    RETURNS (float): Its logarithm, at least `FLOOR`.
    """
    return math.log(max(probability, math.exp(FLOOR)))


class _Table:
    """The log-probabilities of all spans, (spans, options), and the gold labels."""

    def __init__(self, spans: Sequence[Classified], options: Sequence[str], gold: Sequence[int]):
        raw = np.array([[span.probabilities.get(o, 0.0) for o in options] for span in spans])
        self.logprobs = np.log(np.maximum(raw, math.exp(FLOOR)))
        self.gold = np.array([options.index(span.gold) for span in spans], dtype=np.int64)
        self.sentences = np.array([span.sentence for span in spans], dtype=int)
        self.folds = self.sentences % FOLDS
        self.proposed = np.array([span.proposed for span in spans], dtype=bool)
        self.entities = gold

    def without(self, fold: int) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        rest = self.folds != fold
        return self.logprobs[rest], self.gold[rest]

    def apply(self, folds: Sequence[LabelCalibration]) -> NDArray[np.float64]:
        """Log-probabilities of each span by the calibration of its fold."""
        rows = [folds[f](row) for f, row in zip(self.folds, self.logprobs.tolist(), strict=True)]
        return np.array(rows)

    def f1(self, logprobs: NDArray[np.float64]) -> float:
        """F1 of the labels with the highest log-probability, over the proposed spans."""
        chosen = logprobs[self.proposed].argmax(axis=1)
        kept = chosen != logprobs.shape[1] - 1
        return f1(kept, chosen == self.gold[self.proposed], sum(self.entities))

    def margins(
        self, calibration: LabelCalibration, fold: int | None
    ) -> tuple[NDArray[np.float64], NDArray[np.bool_], int]:
        """Log-odds of the best label against "no entity" of the spans outside of a fold, whether that
        label is right, and the number of gold entities there.
        """
        here = self.proposed & ((self.folds != fold) if fold is not None else True)
        rows = [calibration(row) for row in self.logprobs[here].tolist()]
        logprobs = np.array(rows).reshape(-1, self.logprobs.shape[1])
        best = logprobs[:, :-1].argmax(axis=1)
        entities = sum(c for n, c in enumerate(self.entities) if fold is None or n % FOLDS != fold)
        right = best == self.gold[here]
        return logprobs[:, :-1].max(axis=1) - logprobs[:, -1], right, entities


def _lower(
    calibration: LabelCalibration,
    margins: NDArray[np.float64],
    right: NDArray[np.bool_],
    entities: int,
) -> LabelCalibration:
    """The calibration with the threshold for "no entity" at the highest F1."""
    shift = best_offset(margins, right, entities)
    return replace(calibration, prior=(*calibration.prior[:-1], calibration.prior[-1] + shift))
