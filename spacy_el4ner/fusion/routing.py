"""Which windows the language model is asked about.

The uncertainty of a window is the sum of its tokens' entropies: that of all its tags, were they
independent ("total token entropy": Settles & Craven 2008). What questions bring adds up, so of two
sentences the one with more doubtful names comes first. By the greatest entropy both would be alike, and
in the mean one doubtful name of a long sentence vanishes.

The paper's rule believes the tagger wherever its mean entropy over the tokens concerned is at most
1 − λe, whatever the language model says. No mean is above the sum, so a window whose uncertainty is at
most that need not be asked about: the result is the same. On held-out data a higher threshold may do
as well, or nearly, and a budget says how much may be asked. The fewer these data, the less is known of
what is left out, and the more is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.readings import Case, SLMReading
from spacy_el4ner.fusion.rules import Rule
from spacy_el4ner.fusion.scores import f1

ALWAYS = -1.0
"""The threshold that is below any uncertainty."""
SURE = 1.645
"""Standard errors that count as lost: on 19 of 20 such texts no more is."""


def uncertainty(slm: SLMReading) -> float:
    """slm (SLMReading): The tagger's reading.
    RETURNS (float): The sum of the entropies of its tags at the tokens of the window, in nats. The
        language model is asked where it is above the threshold.
    """
    return float(slm.entropies().sum())


@dataclass(frozen=True)
class Point:
    """What a threshold brings.

    threshold (float): The language model is asked about windows whose uncertainty is above it.
    asked (float): Share of the windows that this is, 0 to 1.
    f1 (float): Of the fusion then, 0 to 1.
    error (float): Standard error of how far that is from asking about every window, to first order.
        Never 0 where a window is left out and any answer matters.
    """

    threshold: float
    asked: float
    f1: float
    error: float


@dataclass(frozen=True)
class Routing(Point):
    """The threshold that was chosen, and the others.

    always (float): F1 of asking about every window.
    curve (tuple[Point, ...]): Every threshold that makes a difference, from asking about no window to
        asking about all.
    """

    always: float
    curve: tuple[Point, ...]


def find_threshold(
    cases: Sequence[Case],
    rule: Rule,
    tolerance: float = 0.0,
    objective: str = "entity_f1",
    budget: float = 1.0,
) -> Routing:
    """cases (Sequence[Case]): Windows with both readings and gold entities.
    rule (Rule): Decides where the models disagree.
    tolerance (float): Loss of F1 that is accepted, such as 0.002.
    objective (str): The F1 that is meant, "entity_f1" or "token_macro_f1".
    budget (float): The largest share of the windows to ask about, 0 to 1.
    RETURNS (Routing): The largest threshold, which asks about the fewest windows, at which F1 is not
        below that of asking about all, but for the tolerance, though it be lower by SURE standard
        errors. Where that is beyond the budget, as much as the budget allows.
    """
    ledger = Ledger(cases, objective)
    choices = ledger.choices(rule)
    fused = ledger.by_case(choices)
    alone = ledger.by_case(np.ones(len(ledger.disagreements), dtype=np.bool_))
    unsure = np.array([uncertainty(case.slm) for case in cases])
    order = np.argsort(-unsure, kind="stable")
    # Row n: the n most uncertain windows are asked about.
    gains = np.cumsum((fused - alone)[order], axis=0)
    totals = alone.sum(0) + np.concatenate([np.zeros_like(gains[:1]), gains])
    scores = f1(totals, ledger.gold)
    errors = _errors(ledger.gains(choices[None])[0][order])
    curve = tuple(
        Point(threshold, asked / len(cases), float(scores[asked]), float(errors[asked]))
        for asked, threshold in _thresholds(unsure[order].tolist())
    )
    always = curve[-1].f1
    enough = always - tolerance - 1e-12
    best = next(p for p in curve if p.f1 - SURE * p.error >= enough)
    if best.asked > budget:
        *_, best = takewhile(lambda p: p.asked <= budget, curve)
    return Routing(best.threshold, best.asked, best.f1, best.error, always, curve)


def _errors(gains: NDArray[np.float64]) -> NDArray[np.float64]:
    """gains (ndarray): What asking about each window brings, (windows,).
    RETURNS (ndarray): Standard error of the sum of what is left out if the first n windows are asked
        about, for n from 0, (windows + 1,). Windows count as independent, and the mean as near 0. One
        more counts as left out, whose answer matters as much as any that does: that none was seen among
        so few does not say that there is none.
    """
    squares = gains**2
    matter = squares[squares > 0]
    unseen = matter.mean() if matter.size else 0.0
    left_out = np.cumsum(squares[::-1])[::-1] + unseen
    errors: NDArray[np.float64] = np.sqrt(np.append(left_out, 0.0))
    return errors


def _thresholds(unsure: Sequence[float]) -> list[tuple[int, float]]:
    """unsure (Sequence[float]): Uncertainties, the greatest first.
    RETURNS (list[tuple[int, float]]): How many windows are asked about, and a threshold that does it,
        midway between two uncertainties.
    """
    between = [
        (n, (before + after) / 2)
        for n, (before, after) in enumerate(pairwise(unsure), 1)
        if before > after
    ]
    return [(0, unsure[0]), *between, (len(unsure), ALWAYS)]
