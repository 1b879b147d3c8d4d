"""The search for λ, the weight of the language model's side (Xu et al. 2025, equation 2)."""

from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.rules.base import FusionRule, ParameterCurve

LAMBDAS = np.arange(1, 101) / 100
"""Near 0 the tagger wins up to an entropy of 1 nat; at 1 the language model always wins."""


def scores(ledger: Ledger, unscaled: FusionRule) -> NDArray[np.float64]:
    """ledger (Ledger): Held-out data.
    unscaled (FusionRule): A rule that compares with λ times the language model's score, with λ = 1.
    RETURNS (ndarray): F1 with each of `LAMBDAS`, 0 to 1, (λs,).
    """
    decisions = unscaled.decisions(ledger)
    slm = np.array([d.slm_score for d in decisions])
    llm = np.array([d.llm_score for d in decisions])
    return ledger.f1(slm >= LAMBDAS[:, None] * llm)


def curve(ledger: Ledger, unscaled: FusionRule) -> ParameterCurve:
    """ledger (Ledger): Held-out data.
    unscaled (FusionRule): As for `scores`.
    RETURNS (ParameterCurve): F1 over λ.
    """
    points = zip(LAMBDAS.tolist(), scores(ledger, unscaled).tolist(), strict=True)
    return ParameterCurve("λ", tuple(points))


def best_lambda(ledger: Ledger, unscaled: FusionRule, default: float) -> float:
    """ledger (Ledger): Held-out data.
    unscaled (FusionRule): As for `scores`.
    default (float): The λ to keep where all are equally good.
    RETURNS (float): The middle of the longest run of best λs, because one at the edge of a run may not
        be among the best on other data.
    """
    f1 = scores(ledger, unscaled)
    top = f1 > f1.max() - 1e-12
    if top.all():
        return default
    runs = [
        [n for n, _ in run] for is_top, run in groupby(enumerate(top), key=lambda t: t[1]) if is_top
    ]
    longest = max(runs, key=len)
    return float(LAMBDAS[longest[len(longest) // 2]])
