"""Offsets on opening and ending a mention, whether demonstrations help to extract, and whether mentions
are better decided one by one.

Where mentions are marked in a copy, the decisions along the right answer say whether demonstrations
help. Where they are listed, the only decision with an offset is whether there is any, which does not
say which: the lists themselves are compared, with and without demonstrations.
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
Decisions = Sequence[Sequence[ForcedDecision]]
"""For each sentence, the decisions of a model."""


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


@dataclass(frozen=True)
class FittedExtraction:
    """A way of asking a voter for its spans.

    calibration (VoterCalibration): The calibration, fitted to all sentences.
    folds (list[VoterCalibration]): The same for each fold, fitted to the other folds.
    steps (list[Step]): The effect of each choice.
    way (str): The choice between this way and another, in words.
    """

    calibration: VoterCalibration = field(default_factory=VoterCalibration)
    folds: Sequence[VoterCalibration] = (VoterCalibration(),) * FOLDS
    steps: Sequence[Step] = field(default_factory=list)
    way: str = ""


def fit_ways(voter: str, forced: Mapping[bool, Forced]) -> list[FittedExtraction]:
    """voter (str): Name of the voter.
    forced (Mapping[bool, Forced]): Its decisions along the right answers (False), and where mentions
        open along unmarked copies (True).
    RETURNS (list[FittedExtraction]): One way of asking, or two, whose spans remain to be compared: the
        second has to be better. For marks, in one answer and one by one; for lists, without
        demonstrations and with them.
    """
    zero_shot = forced[False].zero_shot
    if any(decision.decision == ANY for sentence in zero_shot for decision in sentence):
        return _fit_list(voter, forced[False])
    ways = [fit_extraction(voter, forced, False)]
    if any(forced[True].zero_shot):
        ways.append(fit_extraction(voter, forced, True))
    return ways


def _fit_list(voter: str, forced: Forced) -> list[FittedExtraction]:
    with_, without = fit_offsets(voter, forced.shown), fit_offsets(voter, forced.zero_shot)
    ways = [FittedExtraction(*_calibrations(with_, without, False, False), without.steps, "not shown")]
    if any(forced.shown):
        way = FittedExtraction(*_calibrations(with_, without, False, True), with_.steps, "shown")
        ways.append(way)
    return ways


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
    helps = demonstrated and with_.starts > without.starts + GAIN
    steps = list(with_.steps if helps or not demonstrated else [])
    steps += [] if helps else without.steps
    if demonstrated:
        choice = "shown" if helps else "not shown"
        measure = "F1 of starts, with offsets"
        steps.append(Step("demonstrations", voter, measure, without.starts, with_.starts, choice))
    calibrations = _calibrations(with_, without, one_by_one, helps or not demonstrated)
    return FittedExtraction(*calibrations, steps, ("in one answer", "one by one")[one_by_one])


def _calibrations(
    with_: FittedOffsets, without: FittedOffsets, one_by_one: bool, demonstrations: bool
) -> tuple[VoterCalibration, list[VoterCalibration]]:
    """The calibration with offsets fitted to all sentences, and those fitted to all but a fold."""
    none: list[Mapping[str, float]] = [{}] * FOLDS
    fits = [
        (with_.offsets, without.offsets),
        *zip(with_.folds or none, without.folds or none, strict=True),
    ]
    whole, *folds = (
        VoterCalibration(dict(offsets), dict(zero_shot), one_by_one, demonstrations=demonstrations)
        for offsets, zero_shot in fits
    )
    return whole, folds


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
        if decision == OPEN:
            starts = max(fitted, plain)
        choice = f"offset {offset:+.2f}" if helps else "no offset"
        steps.append(_step(voter, decision, plain, fitted, choice))
    return FittedOffsets(offsets, folds, starts, steps)


def _step(voter: str, decision: str, without: float | None, with_: float | None, choice: str) -> Step:
    return Step("offsets", voter, MEASURES.get(decision, f"F1 of {decision}"), without, with_, choice)
