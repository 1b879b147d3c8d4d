"""Offsets on opening and ending a mention, whether demonstrations help to extract, and whether mentions
are better decided one by one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.calibration.offsets import best_offset, cross_validated
from spacy_el4ner.tuning.measuring import Forced
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.tuning.thresholds import FOLDS
from spacy_el4ner.voters.prompted.calibration import VoterCalibration
from spacy_el4ner.voters.prompted.openings import CLOSE, OPEN

LEAST = 5
"""The fewest departures from which an offset is fitted."""
GAIN = 0.002
"""The gain of F1 that a choice must exceed to be made."""
ANY = "any"
"""The decision whether a list of mentions has any."""
MEASURES = {OPEN: "F1 of starts", CLOSE: "F1 of ends", ANY: "F1 of sentences with a mention"}
FINDING = (OPEN, ANY)
"""Decisions that find a mention. A format has one of them."""
Decisions = Sequence[Sequence[ForcedDecision]]
"""For each sentence, the decisions of a model."""


@dataclass(frozen=True)
class FittedOffsets:
    """Offsets for one kind of prompt.

    offsets (dict[str, float]): Decision -> offset in nats, fitted to all sentences.
    folds (list[dict[str, float]]): The same for each fold, fitted to the other folds.
    found (float): Cross-validated F1 of finding a mention at the right places.
    measure (str): Name of that F1.
    steps (list[Step]): The effect of each offset.
    """

    offsets: Mapping[str, float] = field(default_factory=dict)
    folds: Sequence[Mapping[str, float]] = field(default_factory=list)
    found: float = 0.0
    measure: str = MEASURES[OPEN]
    steps: Sequence[Step] = field(default_factory=list)


@dataclass(frozen=True)
class FittedExtraction:
    """A way of asking a voter for its spans.

    calibration (VoterCalibration): The calibration, fitted to all sentences.
    folds (list[VoterCalibration]): The same for each fold, fitted to the other folds.
    steps (list[Step]): The effect of each choice.
    """

    calibration: VoterCalibration = field(default_factory=VoterCalibration)
    folds: Sequence[VoterCalibration] = (VoterCalibration(),) * FOLDS
    steps: Sequence[Step] = field(default_factory=list)


def fit_extraction(voter: str, forced: Mapping[bool, Forced], one_by_one: bool) -> FittedExtraction:
    """voter (str): Name of the voter.
    forced (Mapping[bool, Forced]): Its decisions along the right answers (False), and where mentions
        open along unmarked copies (True).
    one_by_one (bool): Whether mentions are to be decided one by one.
    RETURNS (FittedExtraction): The offsets, and demonstrations where they help.
    """
    shown, zero_shot = forced[False].shown, forced[False].zero_shot
    if one_by_one:
        shown = _opening_alone(shown, forced[True].shown)
        zero_shot = _opening_alone(zero_shot, forced[True].zero_shot)
    with_, without = fit_offsets(voter, shown), fit_offsets(voter, zero_shot)
    demonstrated = any(shown)
    helps = demonstrated and with_.found > without.found + GAIN
    steps = list(with_.steps if helps or not demonstrated else [])
    steps += [] if helps else without.steps
    if demonstrated:
        choice = "shown" if helps else "not shown"
        measure = f"{with_.measure}, with offsets"
        steps.append(Step("demonstrations", voter, measure, without.found, with_.found, choice))

    def calibration(offsets: Mapping[str, float], zero_shot: Mapping[str, float]) -> VoterCalibration:
        return VoterCalibration(
            dict(offsets),
            dict(zero_shot),
            one_by_one,
            demonstrations=helps or not demonstrated,
        )

    none: list[Mapping[str, float]] = [{}] * FOLDS
    pairs = zip(with_.folds or none, without.folds or none, strict=True)
    return FittedExtraction(
        calibration(with_.offsets, without.offsets), [calibration(*pair) for pair in pairs], steps
    )


def _opening_alone(along: Decisions, alone: Decisions) -> list[list[ForcedDecision]]:
    """Where mentions open along unmarked copies, and where they end along the right answers."""
    return [
        [d for d in inside if d.decision != OPEN] + list(opening)
        for inside, opening in zip(along, alone, strict=True)
    ]


def fit_offsets(voter: str, forced: Decisions) -> FittedOffsets:
    """voter (str): Name of the voter.
    forced (Sequence[Sequence[ForcedDecision]]): The decisions in each sentence.
    RETURNS (FittedOffsets): The offsets that raise the cross-validated F1 of their decision.
    """
    offsets: dict[str, float] = {}
    folds: list[dict[str, float]] = [{} for _ in range(FOLDS)]
    found, measure, steps = 0.0, MEASURES[OPEN], []
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
        if decision in FINDING:
            found, measure = max(fitted, plain), MEASURES[decision]
        choice = f"offset {offset:+.2f}" if helps else "no offset"
        steps.append(_step(voter, decision, plain, fitted, choice))
    return FittedOffsets(offsets, folds, found, measure, steps)


def _step(voter: str, decision: str, without: float | None, with_: float | None, choice: str) -> Step:
    return Step("offsets", voter, MEASURES.get(decision, f"F1 of {decision}"), without, with_, choice)
