"""Offsets on opening and ending a mention, and whether demonstrations help to extract."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.calibration.offsets import best_offset, cross_validated
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.tuning.thresholds import FOLDS

LEAST = 5
"""The fewest departures from which an offset is fitted."""
GAIN = 0.002
"""The gain of F1 that a choice must exceed to be made."""
MEASURES = {"open": "F1 of starts", "close": "F1 of ends"}
Forced = Sequence[Sequence[ForcedDecision]]
"""For each sentence, the decisions of a model along the right answer."""


@dataclass(frozen=True)
class FittedOffsets:
    """Offsets for one kind of prompt.

    offsets (dict[str, float]): Decision -> offset in nats, fitted to all sentences.
    folds (list[dict[str, float]]): The same for each fold, fitted to the other folds.
    starts (float): Cross-validated F1 of opening a mention at the right places.
    steps (list[Step]): The effect of each offset.
    """

    offsets: Mapping[str, float] = field(default_factory=dict)
    folds: Sequence[Mapping[str, float]] = field(default_factory=list)
    starts: float = 0.0
    steps: Sequence[Step] = field(default_factory=list)


def fit_offsets(voter: str, forced: Forced) -> FittedOffsets:
    """voter (str): Name of the voter.
    forced (Sequence[Sequence[ForcedDecision]]): The decisions in each sentence.
    RETURNS (FittedOffsets): The offsets that raise the cross-validated F1 of their decision.
    """
    offsets: dict[str, float] = {}
    folds: list[dict[str, float]] = [{} for _ in range(FOLDS)]
    starts, steps = 0.0, []
    for decision in sorted({d.decision for sentence in forced for d in sentence}):
        here = [[d for d in sentence if d.decision == decision] for sentence in forced]
        log_odds = [np.array([d.log_odds for d in sentence], dtype=float) for sentence in here]
        departs = [np.array([d.departs for d in sentence], dtype=bool) for sentence in here]
        if sum(int(one.sum()) for one in departs) < LEAST:
            steps.append(_step(voter, decision, None, None, f"fewer than {LEAST} places: no offset"))
            continue
        fitted, plain = cross_validated(log_odds, departs, FOLDS)
        offset = best_offset(np.concatenate(log_odds), np.concatenate(departs))
        helps = fitted > plain + GAIN
        if helps:
            offsets[decision] = offset
            for fold in range(FOLDS):
                rest = [n for n in range(len(here)) if n % FOLDS != fold]
                folds[fold][decision] = best_offset(
                    np.concatenate([log_odds[n] for n in rest]),
                    np.concatenate([departs[n] for n in rest]),
                )
        if decision == "open":
            starts = max(fitted, plain)
        choice = f"offset {offset:+.2f}" if helps else "no offset"
        steps.append(_step(voter, decision, plain, fitted, choice))
    return FittedOffsets(offsets, folds, starts, steps)


def _step(voter: str, decision: str, without: float | None, with_: float | None, choice: str) -> Step:
    return Step("offsets", voter, MEASURES.get(decision, f"F1 of {decision}"), without, with_, choice)
