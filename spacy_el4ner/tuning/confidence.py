"""The calibration of an ensemble's confidence on labelled entities."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.calibration.error import brier_score
from spacy_el4ner.calibration.folds import make_folds
from spacy_el4ner.calibration.logistic import Weights, fit
from spacy_el4ner.ensemble.confidence import calibrated_candidate, features, raw_confidence
from spacy_el4ner.ensemble.resolve import resolve
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.finding import find_component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.upstream import before
from spacy_el4ner.scorer import annotated
from spacy_el4ner.tuning.steps import Step
from spacy_el4ner.types import Candidate

NAME = "confidence"
"""The step of tuning, and the choice in the setting `tuned`."""
FOLDS = 10
PENALTY = 10.0
"""Holds the weights near 0, see `logistic.fit`. Of 1 and 10, whose Brier scores are equal by
cross-validation on the development split of the project's text, the one with the lower calibration
error."""


@dataclass(frozen=True)
class JudgedCandidate:
    """An entity of the ensemble, compared with the gold entities.

    candidate (Candidate): The entity.
    right (bool): Whether it is a gold entity.
    group (int): Its document or sentence, which cross-validation never divides.
    """

    candidate: Candidate
    right: bool
    group: int


@dataclass(frozen=True)
class FittedConfidence:
    """A calibration of the confidence, and what it brings.

    weights (Weights | None): The regression fitted to all entities; None if it does not help.
    pairs (list[tuple[float, bool]]): The confidence of each entity, by cross-validation where there are
        weights, and whether it is right.
    steps (list[Step]): What the calibration brings.
    """

    weights: Weights | None
    pairs: Sequence[tuple[float, bool]]
    steps: Sequence[Step]


def fit_to_entities(entities: Sequence[JudgedCandidate], seed: int = 0) -> FittedConfidence:
    """entities (Sequence[JudgedCandidate]): Entities of labelled documents.
    seed (int): Seed of the folds.
    RETURNS (FittedConfidence): The calibration; it is kept if it lowers the cross-validated Brier
        score.
    """
    raw = [(raw_confidence(e.candidate), e.right) for e in entities]
    weights = _fit(entities)
    if weights is None:
        choice = "all entities are right, or all are wrong: not calibrated"
        return FittedConfidence(None, raw, [Step(NAME, "", "", None, None, choice)])
    calibrated = list(raw)
    for rest, part in make_folds([e.group for e in entities], FOLDS, seed):
        fold = _fit([entities[n] for n in rest])
        for n in part:
            calibrated[n] = (
                calibrated_candidate(entities[n].candidate, fold).confidence,
                entities[n].right,
            )
    without, with_ = brier_score(raw), brier_score(calibrated)
    assert without is not None
    assert with_ is not None
    helps = with_ < without
    step = Step(NAME, "", "Brier score", without, with_, "calibrated" if helps else "not calibrated")
    if not helps:
        return FittedConfidence(None, raw, [step])
    return FittedConfidence(weights, calibrated, [step])


def calibrate_confidence(
    nlp: Language,
    docs: Sequence[Doc],
    *,
    seed: int = 0,
    batch_size: int = 16,
    show: Callable[[int], Any] = lambda done: None,
) -> FittedConfidence:
    """Calibrate the confidence of an ensemble on labelled documents, and apply the calibration, so that
    of the entities with a confidence of 0.8 about 80% are right.

    nlp (Language): A pipeline with `llm_ensemble_ner`.
    docs (Sequence[Doc]): Documents with gold entities that the models were not trained on.
    seed (int): Seed of the folds.
    batch_size (int): Documents over which prompts are pooled.
    show (Callable[[int], Any]): Called with the number of documents done.
    RETURNS (FittedConfidence): The calibration, with confidences by cross-validation.
    RAISES (EL4NERValueError): EL014, the pipeline has no ensemble; EL381, it finds no entities in the
        documents.
    EXAMPLE:
        >>> calibrate_confidence(nlp, dev_docs)
        >>> save_pipeline(nlp, "training/ensemble")
    """
    component = find_component(nlp, LLMEnsembleNER)
    component.prepare()
    method = component.method()
    entities: list[JudgedCandidate] = []
    for start in range(0, len(docs), batch_size):
        batch = docs[start : start + batch_size]
        results = method(before(nlp, component, batch))
        for n, (doc, result) in enumerate(zip(batch, results, strict=True), start):
            gold = {(ent.start_char, ent.end_char, ent.label_) for ent in doc.ents}
            for c in resolve(result.candidates):
                right = (c.start, c.end, c.label) in gold
                if right or annotated(doc, c.start, c.end):
                    entities.append(JudgedCandidate(c, right, n))
        show(min(start + batch_size, len(docs)))
    if not entities:
        problem = f"it finds no entities in these {len(docs)} documents"
        raise EL4NERValueError(Errors.EL381.format(name=component.name, problem=problem))
    fitted = fit_to_entities(entities, seed)
    component.apply(replace(component.tuning, confidence=fitted.weights))
    return fitted


def _fit(entities: Sequence[JudgedCandidate]) -> Weights | None:
    rows = [features(e.candidate) for e in entities]
    return fit(rows, [e.right for e in entities], penalty=PENALTY)
