"""The calibration of a fusion: the best rule on held-out windows, and its parameters.

A rule with fitted parameters looks better on the data that it was fitted to. The rules are therefore
compared by cross-validation, over documents if there are enough, and only then fitted to everything. As
a single division into folds would choose by chance, several are drawn. If no rule is better than the
tagger alone, the language model is not worth asking.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

import numpy as np

from spacy_el4ner.calibration.folds import Fold, make_folds
from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.confidence_fit import fit_confidence, judge, judge_both
from spacy_el4ner.fusion.ledger import Choices, Ledger
from spacy_el4ner.fusion.routing import ALWAYS, Routing, find_threshold, uncertainty
from spacy_el4ner.fusion.rules.base import FusionRule, ParameterCurve
from spacy_el4ner.fusion.rules.registered import registered_rules
from spacy_el4ner.fusion.rules.slm import SLMRule

Pairs = Sequence[tuple[float, bool]]
"""Confidence of each entity, and whether it is right."""


@dataclass(frozen=True)
class RuleReport:
    """The scores of one rule.

    name (str): The rule.
    title (str): Its title in tables.
    cross_validated (float): F1 on windows that it was not fitted to, 0 to 1; the mean over the
        divisions that were drawn.
    fitted (float): F1 on all windows after a fit to all of them, 0 to 1.
    error (float): Standard error of its gain over the tagger alone by cross-validation, to first order,
        from how the gain differs between documents (or windows, where there are few documents); 0 where
        there is only one.
    curve (ParameterCurve | None): F1 over the rule's main parameter, if it has one.
    """

    name: str
    title: str
    cross_validated: float
    fitted: float
    error: float
    curve: ParameterCurve | None = None


@dataclass(frozen=True)
class ConfidenceReport:
    """Brier score (mean squared error) of the confidence by cross-validation, 0 (perfect) to 1.

    raw (float): Before the fit.
    fitted (float): After the fit, which is kept if it is better.
    """

    raw: float
    fitted: float


@dataclass(frozen=True)
class CalibrationReport:
    """The result of a calibration.

    objective (str): The F1 that was maximised, "entity_f1" or "token_macro_f1".
    windows (int): Number of held-out windows.
    disagreements (int): Number of disagreements in them.
    slm (float): F1 of the tagger alone, 0 to 1.
    llm (float): F1 of the language model alone, 0 to 1.
    rules (tuple[RuleReport, ...]): Each rule that could be fitted, the simplest first.
    rule (str): Name of the chosen rule: the one requested, or the best by cross-validation; "slm" if
        that rule is not better than the tagger alone.
    calibration (Calibration): The parameters of all rules; threshold and confidence of the chosen one.
    routing (Routing): F1 with other thresholds, for the chosen rule.
    confidence (ConfidenceReport): The quality of the confidence.
    pairs (Mapping[str, Sequence[tuple[float, bool]]]): Route, "always" or "uncertain" -> confidence of
        each entity, and whether it is right, where neither the rule nor the confidence was fitted to
        its document. `promise_precision` takes them.
    """

    objective: str
    windows: int
    disagreements: int
    slm: float
    llm: float
    rules: tuple[RuleReport, ...]
    rule: str
    calibration: Calibration
    routing: Routing
    confidence: ConfidenceReport
    pairs: Mapping[str, Pairs] = field(default_factory=dict, repr=False)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data, for JSON, without the pairs."""
        data = asdict(self)
        del data["pairs"]
        return data


@dataclass(frozen=True)
class CrossValidation:
    """The divisions on which rules are compared.

    whole (Ledger): All cases.
    groups (Sequence[int]): The group of each case, which is never divided.
    divisions (Sequence[Sequence[Fold]]): The folds of each division that was drawn.
    ledgers (Mapping[tuple[int, ...], Ledger]): Indices of the cases to fit to -> these cases.
    judged (Mapping[tuple[int, ...], Choices]): The same indices -> mask of the disagreements to judge.
    """

    whole: Ledger
    groups: Sequence[int]
    divisions: Sequence[Sequence[Fold]]
    ledgers: Mapping[tuple[int, ...], Ledger]
    judged: Mapping[tuple[int, ...], Choices]

    @classmethod
    def draw(
        cls, whole: Ledger, objective: str, folds: int, repeats: int, seed: int
    ) -> "CrossValidation":
        """whole (Ledger): All cases.
        objective (str): The F1 to compute.
        folds (int): Parts of each division.
        repeats (int): Number of divisions.
        seed (int): Seed of the first division.
        RETURNS (CrossValidation): Random divisions.
        """
        groups = _groups(whole.cases, folds)
        divisions = [make_folds(groups, folds, seed + n) for n in range(repeats)]
        parts = {rest: part for division in divisions for rest, part in division}
        ledgers = {rest: Ledger([whole.cases[n] for n in rest], objective) for rest in parts}
        judged = {rest: np.isin(whole.case_of, part) for rest, part in parts.items()}
        return cls(whole, groups, divisions, ledgers, judged)

    def report(self, rule: FusionRule, fitted: FusionRule) -> RuleReport | None:
        """rule (FusionRule): A rule before the fit.
        fitted (FusionRule): The rule fitted to all cases.
        RETURNS (RuleReport | None): Its scores; None if it could not be fitted in some fold.
        """
        fits = {rest: rule.fit(ledger) for rest, ledger in self.ledgers.items()}
        choices = np.zeros((len(self.divisions), len(self.whole.disagreements)), dtype=np.bool_)
        for row, division in zip(choices, self.divisions, strict=True):
            for rest, _ in division:
                if (fit := fits[rest]) is None:
                    return None
                row[self.judged[rest]] = fit.choices(self.whole, self.judged[rest])
        return RuleReport(
            rule.name,
            rule.title,
            float(self.whole.f1(choices).mean()),
            float(self.whole.f1(fitted.choices(self.whole))),
            self._error(choices),
            rule.curve(self.whole),
        )

    def _error(self, choices: Choices) -> float:
        """The standard error of the mean gain of some sets of choices over the tagger alone."""
        places = {group: n for n, group in enumerate(dict.fromkeys(self.groups))}
        gains = np.zeros(len(places))
        np.add.at(gains, [places[g] for g in self.groups], self.whole.gains(choices).mean(0))
        return float(np.sqrt(len(gains)) * gains.std(ddof=1)) if len(gains) > 1 else 0.0


def calibrate(
    cases: Sequence[Case],
    objective: str = "entity_f1",
    *,
    rules: Sequence[FusionRule] | None = None,
    rule: str | None = None,
    folds: int = 10,
    repeats: int = 5,
    seed: int = 0,
    tolerance: float = 0.0,
    budget: float = 1.0,
) -> CalibrationReport:
    """cases (Sequence[Case]): Held-out windows with both readings and gold entities.
    objective (str): The F1 to maximise, "entity_f1" or "token_macro_f1".
    rules (Sequence[FusionRule] | None): The rules to choose from; None for all registered ones.
    rule (str | None): Name of the rule to calibrate threshold and confidence for; None for the best.
    folds (int): Parts of the cross-validation.
    repeats (int): Number of divisions into parts.
    seed (int): Seed of the divisions.
    tolerance (float): Loss of F1 accepted for asking less often.
    budget (float): Largest share of the windows to ask about, 0 to 1.
    RETURNS (CalibrationReport): The parameters, and the scores of each rule.
    RAISES (ValueError): There are no gold entities, the models never disagree, or the requested rule
        is unknown or could not be fitted.
    """
    whole = Ledger(cases, objective)
    if not whole.gold.size:
        raise EL4NERValueError(Errors.EL042.format(windows=len(cases)))
    if not whole.disagreements:
        raise EL4NERValueError(Errors.EL043.format(windows=len(cases)))
    candidates = {r.name: r for r in rules or registered_rules().values()}
    if rule is not None and rule not in candidates:
        known = ", ".join(candidates)
        raise EL4NERValueError(Errors.EL010.format(value=rule, setting="rule", known=known))
    validation = CrossValidation.draw(whole, objective, folds, repeats, seed)
    fitted = {name: r.fit(whole) for name, r in candidates.items()}
    reports = [
        report
        for name, r in candidates.items()
        if r.always is None
        and (fit := fitted[name]) is not None
        and (report := validation.report(r, fit)) is not None
    ]
    every = np.ones(len(whole.disagreements), dtype=np.bool_)
    slm, llm = float(whole.f1(every)), float(whole.f1(~every))
    name = rule or _best(reports, slm)
    chosen = SLMRule() if name == SLMRule.name else fitted[name]
    if chosen is None:
        raise EL4NERValueError(Errors.EL040.format(name=name))
    routing = find_threshold(cases, chosen, tolerance, objective, budget)
    weights, confidence = _confidence(cases, validation.divisions[0], chosen)
    ledgers = {rest: validation.ledgers[rest] for rest, _ in validation.divisions[0]}
    again = candidates.get(name, chosen)
    refitted = {rest: again.fit(ledger) or chosen for rest, ledger in ledgers.items()}
    thresholds = {"always": ALWAYS, "uncertain": routing.threshold}
    pairs = _held_out(validation, refitted, weights is not None, thresholds)
    parameters = {n: r.parameters for n, r in fitted.items() if r is not None and r.parameters}
    return CalibrationReport(
        objective=objective,
        windows=len(cases),
        disagreements=len(whole.disagreements),
        slm=slm,
        llm=llm,
        rules=tuple(reports),
        rule=chosen.name,
        calibration=Calibration(parameters, routing.threshold, weights),
        routing=routing,
        confidence=confidence,
        pairs=pairs,
    )


def _best(reports: Sequence[RuleReport], slm: float) -> str:
    """The best rule, if any is better than the tagger alone; the first one among equals."""
    if not reports:
        return SLMRule.name
    best = max(reports, key=lambda report: round(report.cross_validated, 9))
    return best.name if round(best.cross_validated - slm, 9) > 0 else SLMRule.name


def _confidence(
    cases: Sequence[Case], folds: Sequence[Fold], rule: FusionRule
) -> tuple[Weights | None, ConfidenceReport]:
    """The fit of the confidence, if it helps on windows that it was not fitted to."""
    entities = [judge_both(case, rule) for case in cases]
    raw: list[float] = []
    fitted: list[float] = []
    for rest, part in folds:
        weights = fit_confidence([e for n in rest for e in entities[n]])
        held_out = [e for n in part for e in entities[n]]
        raw += [e.error(None) for e in held_out]
        fitted += [e.error(weights) for e in held_out]
    before, after = float(np.mean(raw or [0.0])), float(np.mean(fitted or [0.0]))
    weights = fit_confidence([e for of_case in entities for e in of_case]) if after < before else None
    return weights, ConfidenceReport(before, after)


def _held_out(
    validation: CrossValidation,
    rules: Mapping[tuple[int, ...], FusionRule],
    calibrated: bool,
    thresholds: Mapping[str, float],
) -> dict[str, Pairs]:
    """For each route, the entities of each window by the rule, and by the confidence if it is to be
    calibrated, that were fitted to other documents; the language model is asked above the threshold.
    """
    pairs: dict[str, list[tuple[float, bool]]] = {route: [] for route in thresholds}
    cases = validation.whole.cases
    for rest, part in validation.divisions[0]:
        rule = rules[rest]
        known = [e for n in rest for e in judge_both(cases[n], rule)] if calibrated else []
        weights = fit_confidence(known) if known else None
        for n in part:
            for route, threshold in thresholds.items():
                asked = uncertainty(cases[n].slm) > threshold
                reading = cases[n] if asked else replace(cases[n], llm=None)
                pairs[route] += [(e.confidence(weights), e.right) for e in judge(reading, rule)]
    return dict(pairs)


def _groups(cases: Sequence[Case], folds: int) -> list[int]:
    """The document of each window, so that a name which recurs in it is not known already; the window
    itself if there are fewer documents than folds.
    """
    documents = [case.window.document for case in cases]
    return documents if len(set(documents)) >= folds else list(range(len(cases)))
