"""The parameters of one rule, or of the confidence, from held-out windows."""

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import groupby

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.confidence import features as trust
from spacy_el4ner.fusion.features import features, types
from spacy_el4ner.fusion.fuse import FusedMention, fuse
from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.logistic import Weights, fit, fit_temperature
from spacy_el4ner.fusion.readings import Case
from spacy_el4ner.fusion.rules import LearnedRule, PaperRule, Rule, ScaledRule
from spacy_el4ner.types import Mention

LAMBDAS = np.arange(1, 101) / 100
"""Near 0 the tagger is believed up to an entropy of 1 nat; at 1 the language model is, always."""

PENALTY = 3.0
"""Of the learned rule, which has dozens of weights for a few hundred disagreements. In the mean of two
corpora's development splits, with a weak and a better language model each, 5 and 10 were worse by
cross-validation."""

LEAST = 5
"""Disagreements in which a model has an entity of some type, for the learned rule to decide about such
entities of that model. With fewer it would go by what holds for other types; and a rare type may be one
that the language model has not learnt, and denies every time."""


def curve(ledger: Ledger, rule: Rule) -> NDArray[np.float64]:
    """ledger (Ledger): Held-out windows.
    rule (Rule): The paper's or the scaled one, with a λ of 1.
    RETURNS (ndarray): F1 with each of `LAMBDAS`.
    """
    decisions = ledger.decisions(rule)
    slm = np.array([d.slm_score for d in decisions])
    llm = np.array([d.llm_score for d in decisions])
    return ledger.f1(slm >= LAMBDAS[:, None] * llm)


def fit_paper(ledger: Ledger, before: Calibration) -> Calibration:
    """ledger (Ledger): Held-out windows.
    before (Calibration): What is known so far.
    RETURNS (Calibration): The same with the best λ.
    """
    scores = curve(ledger, PaperRule(replace(before, lam=1.0)))
    return replace(before, lam=_best(scores, before.lam))


def fit_scaled(ledger: Ledger, before: Calibration) -> Calibration:
    """RETURNS (Calibration): The same with the temperatures under which the models' probabilities of
    their mentions fit best what is right, and with the best λ for them. (The tags' own likelihood is
    not known: a reading has no gold tags, but gold mentions.)
    """
    slm: list[tuple[float, bool]] = []
    llm: list[tuple[float, bool]] = []
    for case in ledger.cases:
        found = zip(case.slm.mentions, case.slm.probabilities, strict=True)
        slm += [(p, mention in case.gold) for mention, p in found]
        if case.llm is not None and not case.llm.estimated:
            llm += [(m.category * m.boundary, m.mention in case.gold) for m in case.llm.mentions]
    tempered = replace(
        before,
        slm_temperature=fit_temperature([p for p, _ in slm], [right for _, right in slm]),
        llm_temperature=fit_temperature([p for p, _ in llm], [right for _, right in llm]),
    )
    scores = curve(ledger, ScaledRule(replace(tempered, scaled_lam=1.0)))
    return replace(tempered, scaled_lam=_best(scores, before.scaled_lam))


def fit_learned(ledger: Ledger, before: Calibration) -> Calibration:
    """RETURNS (Calibration): The same with a regression that tells which side is the better choice.
    Each disagreement counts by how much the choice moves the F1 of the tagger alone, to first order,
    and those about rare types not at all. Where one side is the better one throughout, there is no
    regression.
    """
    moves = ledger.moves()
    telling = _of_common_types(ledger, np.flatnonzero(np.abs(moves) > 1e-12))
    if not telling:
        return replace(before, learned=None)
    rows = [features(ledger.cases[ledger.case_of[n]], ledger.disagreements[n]) for n in telling]
    size = np.abs(moves[telling])
    weights = fit(rows, (moves[telling] > 0).tolist(), (size / size.mean()).tolist(), PENALTY)
    return replace(before, learned=weights)


def _of_common_types(ledger: Ledger, numbers: Iterable[int]) -> list[int]:
    """Those of some disagreements all types of which are in at least `LEAST` of them."""
    of = {n: types(ledger.disagreements[n]) for n in numbers}
    found = Counter(name for names in of.values() for name in names)
    return [n for n, names in of.items() if all(found[name] >= LEAST for name in names)]


FITS: dict[str, Callable[[Ledger, Calibration], Calibration]] = {
    PaperRule.name: fit_paper,
    ScaledRule.name: fit_scaled,
    LearnedRule.name: fit_learned,
}


Judged = tuple[float, str, str, bool]
"""An entity's raw confidence, how it came about, whose it is, and whether it is right."""


def judged(cases: Sequence[Case], rule: Rule) -> list[Judged]:
    """cases (Sequence[Case]): Held-out windows.
    rule (Rule): The rule that decides.
    RETURNS (list): The entities of the fusion, and those of the tagger alone, as where the language
        model is not asked.
    """
    return [
        (m.provenance["raw"], m.provenance["how"], m.provenance["side"], _mention(m) in case.gold)
        for case in cases
        for read in (case, replace(case, llm=None))
        for m in fuse(read, rule)
    ]


def fit_confidence(entities: Sequence[Judged]) -> Weights | None:
    """RETURNS (Weights | None): From the raw confidence to the probability that an entity is right."""
    rows = [trust(raw, how, side) for raw, how, side, _ in entities]
    return fit(rows, [right for *_, right in entities])


def _best(scores: NDArray[np.float64], default: float) -> float:
    """The λ in the middle of the longest stretch of the best ones, because one at its edge may not be
    among the best elsewhere; the default where every λ is as good.
    """
    top = scores > scores.max() - 1e-12
    if top.all():
        return default
    runs = [
        [n for n, _ in run] for is_top, run in groupby(enumerate(top), key=lambda t: t[1]) if is_top
    ]
    longest = max(runs, key=len)
    return float(LAMBDAS[longest[len(longest) // 2]])


def _mention(fused: FusedMention) -> Mention:
    return Mention(fused.start, fused.end, fused.label)
