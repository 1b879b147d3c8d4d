"""The choice of the windows about which the language model is asked.

The uncertainty of a window is the sum of its tokens' entropies, which is the entropy of all its tags if
these were independent ("total token entropy": Settles & Craven 2008). The gains of questions add up, so
of two sentences the one with more doubtful names comes first. The greatest entropy would rank both
alike, and the mean would hide one doubtful name in a long sentence.

The paper's rule lets the tagger win wherever its mean entropy over the tokens concerned is at most
1 − λe, whatever the language model says. No mean is above the sum, so a window whose uncertainty is at
most 1 − λe need not be asked about: the result is the same. On held-out data a higher threshold may do
as well, or nearly, and a budget limits how much is asked. The fewer these data, the less is known of
the windows left out, and the more is asked.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise, takewhile

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.rules.base import FusionRule
from spacy_el4ner.fusion.scores import f1
from spacy_el4ner.slm.reading import SLMReading

ALWAYS = -1.0
"""A threshold below any uncertainty."""
SURE = 1.645
"""Standard errors that count as lost: on 19 of 20 such texts the loss is not greater."""


def uncertainty(slm: SLMReading) -> float:
    """slm (SLMReading): The tagger's reading.
    RETURNS (float): The sum of the tags' entropies over the tokens of the window, in nats. The language
        model is asked about windows above the threshold.
    """
    return float(slm.entropies().sum())


@dataclass(frozen=True)
class RoutePoint:
    """The effect of a threshold.

    threshold (float): The language model is asked about windows whose uncertainty is above it, in nats.
    share (float): Share of these windows, 0 to 1.
    f1 (float): F1 of the fusion with this threshold, 0 to 1.
    error (float): Standard error of the difference from asking about every window, to first order;
        never 0 where a window is left out and any answer matters.
    """

    threshold: float
    share: float
    f1: float
    error: float


@dataclass(frozen=True)
class Routing(RoutePoint):
    """The chosen threshold, and all others.

    threshold (float): The chosen threshold, in nats.
    share (float): Share of the windows above it, 0 to 1.
    f1 (float): F1 of the fusion with it, 0 to 1.
    error (float): Standard error as in `RoutePoint`.
    always (float): F1 of asking about every window, 0 to 1.
    curve (tuple[RoutePoint, ...]): Every threshold that makes a difference, from asking about no window
        to asking about all.
    """

    always: float
    curve: tuple[RoutePoint, ...]


def find_threshold(
    cases: Sequence[Case],
    rule: FusionRule,
    tolerance: float = 0.0,
    objective: str = "entity_f1",
    budget: float = 1.0,
) -> Routing:
    """cases (Sequence[Case]): Windows with both readings and gold entities.
    rule (FusionRule): Decides where the models disagree.
    tolerance (float): Accepted loss of F1, such as 0.002.
    objective (str): The F1 to compute, "entity_f1" or "token_macro_f1".
    budget (float): Largest share of the windows to ask about, 0 to 1.
    RETURNS (Routing): The largest threshold, which asks about the fewest windows, at which F1 less SURE
        standard errors is not below that of asking about all less the tolerance. Where that exceeds
        the budget, the largest share that the budget allows.
    """
    ledger = Ledger(cases, objective)
    choices = rule.choices(ledger)
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
        RoutePoint(threshold, n / len(cases), float(scores[n]), float(errors[n]))
        for n, threshold in _thresholds(unsure[order].tolist())
    )
    always = curve[-1].f1
    enough = always - tolerance - 1e-12
    best = next(p for p in curve if p.f1 - SURE * p.error >= enough)
    if best.share > budget:
        *_, best = takewhile(lambda p: p.share <= budget, curve)
    return Routing(best.threshold, best.share, best.f1, best.error, always, curve)


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
