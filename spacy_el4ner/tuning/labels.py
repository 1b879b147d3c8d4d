"""Label priors and a temperature for a voter, and a threshold for "no entity"."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.calibration.labels import LabelCalibration, fit
from spacy_el4ner.tuning.extraction import GAIN
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.tuning.thresholds import FOLDS, best_shift, f1

LEAST = 10
"""The fewest entities from which priors are fitted."""
FLOOR = -30.0
"""Lowest log-probability of a label, in nats; that of an impossible one."""


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
    """

    calibration: LabelCalibration | None = None
    folds: Sequence[LabelCalibration | None] = field(default_factory=lambda: [None] * FOLDS)
    steps: Sequence[Step] = field(default_factory=list)


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
    return FittedLabels(final, lowered, steps) if helps else FittedLabels(steps=steps)


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
    shift = best_shift(margins, right, entities)
    return replace(calibration, prior=(*calibration.prior[:-1], calibration.prior[-1] + shift))
