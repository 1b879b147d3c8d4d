"""The rows of `metrics/<name>/fusion.json`: each model alone, and their fusion by each rule.

Every window is read once by the tagger, and once by the language model for each way of prompting it;
the rows differ in how these readings are combined. Gold entities are used only to score finished rows.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.calibration.error import calibration_error
from spacy_el4ner.evaluation.unseen import (
    GoldByNovelty,
    Place,
    names_of_demonstrations,
    names_of_documents,
)
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.fuse import FusedMention, fuse
from spacy_el4ner.fusion.llm import FusionLLM
from spacy_el4ner.fusion.routing import uncertainty
from spacy_el4ner.fusion.rules.base import SLM, FusionRule
from spacy_el4ner.fusion.rules.llm import LLMRule
from spacy_el4ner.fusion.rules.registered import registered_rules
from spacy_el4ner.fusion.rules.slm import SLMRule
from spacy_el4ner.fusion.scores import score
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.pipeline.upstream import before
from spacy_el4ner.progress import Progress
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from spacy_el4ner.retrieval.gold import Gold, is_annotated
from spacy_el4ner.scorer import annotated
from spacy_el4ner.scores import prf
from spacy_el4ner.types import Mention

Row = dict[str, Any]
Say = Callable[[str], None]


@dataclass(frozen=True)
class Readings:
    """The readings of all documents.

    cases (list[Case]): All windows of the documents.
    seconds (float): Time that the language model took.
    k (int): Demonstrations in its prompts, at most.
    """

    cases: list[Case]
    seconds: float
    k: int = 0


class FusionBench:
    """A calibrated pipeline and the documents to measure it on.

    nlp (Language): The pipeline.
    name (str): Its component, with a language model.
    gold (Sequence[Doc]): Labelled documents.
    base (FusionLLM | None): The language model before fine-tuning, to compare with.
    base_k (int | None): Demonstrations in a prompt for that model; None for the component's setting.
    train (Sequence[Doc] | None): The training split, by which entities count as seen; None for the
        component's demonstrations.
    """

    def __init__(
        self,
        nlp: Language,
        name: str,
        gold: Sequence[Doc],
        base: FusionLLM | None = None,
        *,
        base_k: int | None = None,
        train: Sequence[Doc] | None = None,
    ):
        component = nlp.get_pipe(name)
        assert isinstance(component, SLMLLMFusion)
        self.component = component
        self.gold = gold
        self.base = base
        self.base_k = component.cfg["k"] if base_k is None else base_k
        pool = (entry.demonstration for entry in component.pool.entries)
        trained = names_of_demonstrations(pool) if train is None else names_of_documents(train)
        self.novelty = GoldByNovelty.divide(gold, trained) if trained else None
        start = time.perf_counter()
        self.docs = before(nlp, component, gold)
        method = component.method()
        self.tagged = method.tagged(self.docs, component.logits(self.docs))
        self.seconds = time.perf_counter() - start

    def rows(self, say: Say = print) -> dict[str, Row]:
        """say (Callable[[str], None]): Called with a description of each step before it starts.
        RETURNS (dict[str, Row]): The rows by name.
        """
        component = self.component
        fixed = FixedDemonstrations()
        fixed.index(component.pool.entries)
        rows = {}
        if self.base is not None:
            say("the language model before fine-tuning, the same demonstrations always")
            rows["few_shot"] = self._llm_alone(self.read(self.base, fixed, self.base_k))
            if self.base_k:
                say("the same, similar demonstrations")
                rows["similarity"] = self._llm_alone(
                    self.read(self.base, component.retriever, self.base_k)
                )
        if component.cfg["k"]:
            say("the fine-tuned language model, the same demonstrations always")
            rows["sft_few_shot"] = self._llm_alone(self.read(component.llm, fixed))
        say("the fine-tuned language model, as it is fused")
        readings = self.read(component.llm, component.retriever)
        rows["sft_similarity"] = self._llm_alone(readings)
        say("the tagger, and its fusion with the language model")
        rows["slm"] = self._row(SLMRule(), Readings(self.tagged, 0.0), self.seconds)
        for rule in map(component.calibration.fitted, registered_rules().values()):
            if rule.always is None and rule.is_fitted:
                rows[f"fusion_{rule.name}"] = self._fused(rule, readings)
        rule = component.fitted_rule
        # A rule by which the tagger always wins never asks the language model.
        never = rule.always == SLM
        always = Readings(self.tagged, 0.0) if never else readings
        rows["fusion"] = {**self._fused(rule, always), "rule": rule.name}
        say("the fusion, the language model asked where the tagger is unsure")
        rows["routed"] = self._fused(rule, always if never else self._routed(readings))
        return rows

    def read(self, llm: FusionLLM | None, retriever: Retriever, k: int | None = None) -> Readings:
        """llm (FusionLLM | None): The language model.
        retriever (Retriever): Finds demonstrations in the component's pool.
        k (int | None): Demonstrations in a prompt; None for the component's setting.
        RETURNS (Readings): All windows as both models read them.
        """
        k = self.component.cfg["k"] if k is None else k
        method = replace(self.component.method(), llm=llm, retriever=retriever, k=k)
        start = time.perf_counter()
        with Progress("Asking", len(self.tagged), unit="sentences") as progress:
            cases = method.ask(self.docs, self.tagged, everywhere=True)
            progress.update(len(cases))
        return Readings(cases, time.perf_counter() - start, k)

    def _routed(self, always: Readings) -> Readings:
        """The readings without those of windows below the component's threshold. The time for the rest
        is measured again, and the answers are discarded.
        """
        threshold = self.component.calibration.threshold
        unsure = [case for case in self.tagged if uncertainty(case.slm) > threshold]
        method = self.component.method()
        start = time.perf_counter()
        with Progress("Asking", len(unsure), unit="sentences") as progress:
            method.ask(self.docs, unsure, everywhere=True)
            progress.update(len(unsure))
        seconds = time.perf_counter() - start
        cases = [c if uncertainty(c.slm) > threshold else replace(c, llm=None) for c in always.cases]
        return Readings(cases, seconds)

    def _llm_alone(self, readings: Readings) -> Row:
        return {**self._row(LLMRule(), readings, readings.seconds), "k": readings.k}

    def _fused(self, rule: FusionRule, readings: Readings) -> Row:
        return self._row(rule, readings, self.seconds + readings.seconds)

    def _row(self, rule: FusionRule, readings: Readings, seconds: float) -> Row:
        weights = self.component.calibration.confidence
        predicted = [fuse(case, rule, weights).entities for case in readings.cases]
        questions = sum(case.llm is not None for case in readings.cases)
        return {
            **entity_scores(readings.cases, predicted, self.gold),
            **token_scores(readings.cases, predicted, self.gold),
            **(self.novelty.recalls(set(_places(readings.cases, predicted))) if self.novelty else {}),
            "asked": questions / max(1, len(readings.cases)),
            "docs_per_s": len(self.gold) / seconds,
        }


def entity_scores(
    cases: Sequence[Case], predicted: Sequence[Sequence[FusedMention]], gold: Sequence[Doc]
) -> Row:
    """cases (Sequence[Case]): All windows of the documents.
    predicted (Sequence[Sequence[FusedMention]]): The predicted entities of each window.
    gold (Sequence[Doc]): The documents with gold entities.
    RETURNS (Row): Exact match of start, end and label over all entities of the documents, including
        those that no window contains whole: overall, by label, and the calibration error of the
        confidence. Entities over tokens without annotation are neither right nor wrong.
    """
    right = {(n, e.start_char, e.end_char, e.label_) for n, doc in enumerate(gold) for e in doc.ents}
    confidence = {
        item: sure
        for item, sure in _places(cases, predicted).items()
        if annotated(gold[item[0]], *item[1:3])
    }
    labels = sorted({item[3] for item in right | set(confidence)})
    return {
        **prf(set(confidence), right).to_dict("ents_"),
        "ents_per_type": {
            label: prf(_of(label, confidence), _of(label, right)).to_dict() for label in labels
        },
        "expected_calibration_error": calibration_error(
            [(sure, item in right) for item, sure in confidence.items()]
        ),
    }


def token_scores(
    cases: Sequence[Case], predicted: Sequence[Sequence[FusedMention]], gold: Sequence[Doc]
) -> Row:
    """cases (Sequence[Case]): All windows of the documents.
    predicted (Sequence[Sequence[FusedMention]]): The predicted entities of each window.
    gold (Sequence[Doc]): The documents with gold entities.
    RETURNS (Row): Means over the tags, as in the tables of Xu et al. 2025, in the windows whose gold
        entities are known.
    """
    known = [Gold(doc) for doc in gold]
    judged = [
        (replace(case, gold=known[case.window.document].mentions(case.window)), mentions)
        for case, mentions in zip(cases, predicted, strict=True)
        if is_annotated(gold[case.window.document], case.window)
    ]
    plain = [[Mention(m.start, m.end, m.label) for m in mentions] for _, mentions in judged]
    by_tag = score([case for case, _ in judged], plain, "token_macro_f1")
    return by_tag.to_dict("token_macro_")


def _places(cases: Sequence[Case], predicted: Sequence[Sequence[FusedMention]]) -> dict[Place, float]:
    """The predicted entities with their places in the documents -> their confidence."""
    return {
        (window.document, window.start + m.start, window.start + m.end, m.label): m.confidence
        for window, mentions in zip((case.window for case in cases), predicted, strict=True)
        for m in mentions
    }


def _of(label: str, items: Iterable[tuple[int, int, int, str]]) -> set[Any]:
    return {item for item in items if item[3] == label}


def without_adapter(component: SLMLLMFusion, model: str | None) -> FusionLLM | None:
    """component (SLMLLMFusion): The calibrated component.
    model (str | None): The model before fine-tuning; None where its adapter is all that was trained.
    RETURNS (FusionLLM | None): A language model like the component's with that model and no adapter;
        None where there would be no difference.
    """
    from spacy_el4ner.backends.hf import HFBackend

    backend = getattr(component.llm, "backend", None)
    if not isinstance(backend, HFBackend) or (backend.adapter is None and model is None):
        return None
    reader = copy(component.llm)
    reader.backend = backend.without_adapter(model)  # type: ignore[union-attr]
    return reader
