"""Which rule is best on held-out windows, with which parameters.

A rule with fitted parameters looks better on the data that it was fitted to. So the rules are compared
by cross-validation, over documents where there are enough, and only then fitted to everything. One
division into parts would choose by chance: several are drawn. Where no rule is better than the tagger
alone, the language model is not worth asking.
"""

import random
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import numpy as np

from spacy_el4ner.errors import Errors
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.confidence import confidence
from spacy_el4ner.fusion.fitting import FITS, LAMBDAS, curve, fit_confidence, judged
from spacy_el4ner.fusion.ledger import Choices, Ledger
from spacy_el4ner.fusion.logistic import Weights
from spacy_el4ner.fusion.readings import Case
from spacy_el4ner.fusion.routing import Routing, find_threshold
from spacy_el4ner.fusion.rules import LearnedRule, PaperRule, Rule, SLMRule, make_rule


@dataclass(frozen=True)
class RuleReport:
    """How one rule did.

    name (str): The rule.
    cross_validated (float): F1 on windows that it was not fitted to, 0 to 1; the mean over the
        divisions that were drawn.
    fitted (float): F1 on all of the windows after it was fitted to all of them.
    error (float): Standard error of what it gains by cross-validation over the tagger alone, to first
        order, from how the gain differs between documents (or windows, where there are few); 0 where
        there is one only.
    """

    name: str
    cross_validated: float
    fitted: float
    error: float


@dataclass(frozen=True)
class ConfidenceReport:
    """Brier score (mean squared error) of the confidence, 0 (perfect) to 1, by cross-validation.

    raw (float), fitted (float): Before and after the fit, which is kept if it is better.
    """

    raw: float
    fitted: float


@dataclass(frozen=True)
class Report:
    """What a calibration found.

    objective (str): The F1 that was maximised, "entity_f1" or "token_macro_f1".
    windows (int), disagreements (int): What it was found on.
    slm (float), llm (float): F1 of either model alone.
    rules (tuple[RuleReport, ...]): Each rule that could be fitted.
    rule (str): The one that was wanted, or the best by cross-validation; "slm" where that is no better
        than the tagger alone.
    calibration (Calibration): The parameters of all of them; threshold and confidence for that one.
    curve (tuple[tuple[float, float], ...]): λ of the paper's rule, and F1 with it.
    routing (Routing): What other thresholds bring, for that rule.
    confidence (ConfidenceReport): How good the confidence is.
    """

    objective: str
    windows: int
    disagreements: int
    slm: float
    llm: float
    rules: tuple[RuleReport, ...]
    rule: str
    calibration: Calibration
    curve: tuple[tuple[float, float], ...]
    routing: Routing
    confidence: ConfidenceReport

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data, for JSON."""
        return asdict(self)


Fold = tuple[tuple[int, ...], tuple[int, ...]]
"""Numbers of the cases to fit to, and of those to judge on."""


def calibrate(
    cases: Sequence[Case],
    objective: str = "entity_f1",
    *,
    rule: str | None = None,
    folds: int = 10,
    repeats: int = 5,
    seed: int = 0,
    tolerance: float = 0.0,
    budget: float = 1.0,
) -> Report:
    """cases (Sequence[Case]): Held-out windows with both readings and gold entities.
    objective (str): What to maximise, "entity_f1" or "token_macro_f1".
    rule (str | None): The rule that threshold and confidence are for; None for the best one.
    folds (int): Parts of the cross-validation.
    repeats (int): How often they are drawn.
    seed (int): Draws them.
    tolerance (float): Loss of F1 that is accepted for asking less often.
    budget (float): The largest share of the windows to ask about, 0 to 1.
    RETURNS (Report): Parameters, and how each rule did.
    RAISES (ValueError): There are no gold entities, the models never disagree, or the rule that is
        wanted could not be fitted.
    """
    whole = Ledger(cases, objective)
    if not whole.gold.size:
        raise ValueError(Errors.EL042.format(windows=len(cases)))
    if not whole.disagreements:
        raise ValueError(Errors.EL043.format(windows=len(cases)))
    groups = _groups(cases, folds)
    divisions = [_folds(groups, folds, seed + n) for n in range(repeats)]
    calibration = Calibration()
    for fit_rule in FITS.values():
        calibration = fit_rule(whole, calibration)
    reports = _compare(whole, divisions, objective, calibration, groups)
    every = np.ones(len(whole.disagreements), dtype=np.bool_)
    slm, llm = float(whole.f1(every)), float(whole.f1(~every))
    chosen = make_rule(rule or _best(reports, slm), calibration)
    routing = find_threshold(cases, chosen, tolerance, objective, budget)
    weights, trust = _confidence(cases, divisions[0], chosen)
    scores = curve(whole, PaperRule(replace(calibration, lam=1.0)))
    return Report(
        objective=objective,
        windows=len(cases),
        disagreements=len(whole.disagreements),
        slm=slm,
        llm=llm,
        rules=tuple(reports),
        rule=chosen.name,
        calibration=replace(calibration, threshold=routing.threshold, confidence=weights),
        curve=tuple(zip(LAMBDAS.tolist(), scores.tolist(), strict=True)),
        routing=routing,
        confidence=trust,
    )


def _best(reports: Sequence[RuleReport], slm: float) -> str:
    """The name of the best rule, if any is better than the tagger alone; the paper's among equals."""
    best = max(reports, key=lambda report: round(report.cross_validated, 9))
    return best.name if round(best.cross_validated - slm, 9) > 0 else SLMRule.name


def _compare(
    whole: Ledger,
    divisions: Sequence[Sequence[Fold]],
    objective: str,
    calibration: Calibration,
    groups: Sequence[int],
) -> list[RuleReport]:
    """Each rule on windows that it was not fitted to; the paper's comes first."""
    held_out = {
        rest: (Ledger([whole.cases[n] for n in rest], objective), np.isin(whole.case_of, part))
        for parts in divisions
        for rest, part in parts
    }
    reports = []
    for name, fit_rule in FITS.items():
        fits = {rest: fit_rule(ledger, Calibration()) for rest, (ledger, _) in held_out.items()}
        if name == LearnedRule.name and not all(c.learned for c in (*fits.values(), calibration)):
            continue
        crossed = np.zeros((len(divisions), len(whole.disagreements)), dtype=np.bool_)
        for row, parts in zip(crossed, divisions, strict=True):
            for rest, _ in parts:
                own = held_out[rest][1]
                row[own] = whole.choices(make_rule(name, fits[rest]), own)
        chosen = whole.choices(make_rule(name, calibration))
        scores = float(whole.f1(crossed).mean()), float(whole.f1(chosen))
        reports.append(RuleReport(name, *scores, _error(whole, crossed, groups)))
    return reports


def _error(whole: Ledger, choices: Choices, groups: Sequence[int]) -> float:
    """The standard error of the mean gain of some sets of choices over the tagger alone."""
    places = {group: n for n, group in enumerate(dict.fromkeys(groups))}
    gains = np.zeros(len(places))
    np.add.at(gains, [places[group] for group in groups], whole.gains(choices).mean(0))
    return float(np.sqrt(len(gains)) * gains.std(ddof=1)) if len(gains) > 1 else 0.0


def _confidence(
    cases: Sequence[Case], parts: Sequence[Fold], rule: Rule
) -> tuple[Weights | None, ConfidenceReport]:
    """The fit of the confidence, if it helps on windows that it was not fitted to."""
    entities = [judged([case], rule) for case in cases]
    raw: list[float] = []
    fitted: list[float] = []
    for rest, part in parts:
        weights = fit_confidence([e for n in rest for e in entities[n]])
        for sure, how, side, right in (e for n in part for e in entities[n]):
            raw.append((sure - right) ** 2)
            fitted.append((confidence(sure, how, side, weights) - right) ** 2)
    before, after = float(np.mean(raw or [0.0])), float(np.mean(fitted or [0.0]))
    weights = fit_confidence([e for found in entities for e in found]) if after < before else None
    return weights, ConfidenceReport(before, after)


def _groups(cases: Sequence[Case], folds: int) -> list[int]:
    """What is not to be divided: the document of each window, so that a name that comes back in it is
    not known already; the window itself, where there are fewer documents than folds.
    """
    documents = [case.window.document for case in cases]
    return documents if len(set(documents)) >= folds else list(range(len(cases)))


def _folds(groups: Sequence[int], folds: int, seed: int) -> list[Fold]:
    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    parts = [set(names[n::folds]) for n in range(min(folds, len(names)))]
    return [
        (
            tuple(n for n, group in enumerate(groups) if group not in part),
            tuple(n for n, group in enumerate(groups) if group in part),
        )
        for part in parts
    ]
