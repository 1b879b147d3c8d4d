"""The rows of `metrics/<name>/fusion.json`: each model alone, and what their fusion makes of them.

Every window is read once by the tagger, and once by the language model for each way of asking it; the
rows differ in what is made of these readings. Gold entities are looked at when a finished row is
scored, not before.
"""

import time
from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from typing import Any

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.evaluation.documents import before
from spacy_el4ner.fusion.fuse import FusedMention, fuse
from spacy_el4ner.fusion.readings import Case
from spacy_el4ner.fusion.routing import uncertainty
from spacy_el4ner.fusion.rules import LLM, SLM, make_rule
from spacy_el4ner.fusion.scores import score
from spacy_el4ner.pipeline.pool import Gold, is_annotated
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from spacy_el4ner.pipeline.two_models import Reader
from spacy_el4ner.retrieval.base import Retriever
from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from spacy_el4ner.scorer import annotated, calibration_error
from spacy_el4ner.types import Mention

Row = dict[str, Any]
Say = Callable[[str], None]
RULES = {"fusion_paper": "paper", "fusion_scaled": "scaled", "fusion_learned": "learned"}


@dataclass(frozen=True)
class Readings:
    """cases (list[Case]): All windows of the documents, as they were read.
    seconds (float): What the language model took.
    """

    cases: list[Case]
    seconds: float


class FusionBench:
    """A calibrated pipeline and the documents to measure it on.

    nlp (Language): The pipeline.
    name (str): Its component, with a language model.
    gold (Sequence[Doc]): Labelled documents.
    base (Reader | None): The language model before it was fine-tuned, if it is to be compared.
    """

    def __init__(self, nlp: Language, name: str, gold: Sequence[Doc], base: Reader | None = None):
        component = nlp.get_pipe(name)
        assert isinstance(component, SLMLLMFusion)
        self.component = component
        self.gold = gold
        self.base = base
        start = time.perf_counter()
        self.docs = before(nlp, component, gold)
        method = component.method()
        self.tagged = method.tagged(self.docs, component.logits(self.docs))
        self.seconds = time.perf_counter() - start

    def rows(self, say: Say = print) -> dict[str, Row]:
        """say (Callable[[str], None]): Told of each way of asking before it is tried.
        RETURNS (dict[str, Row]): The rows by name.
        """
        component = self.component
        fixed = FixedDemonstrations()
        fixed.index(component.pool.entries)
        rows = {}
        if self.base is not None:
            say("the language model before fine-tuning, the same demonstrations always")
            rows["few_shot"] = self._alone(LLM, self.read(self.base, fixed))
            say("the same, similar demonstrations")
            rows["similarity"] = self._alone(LLM, self.read(self.base, component.retriever))
        say("the fine-tuned language model, the same demonstrations always")
        rows["sft_few_shot"] = self._alone(LLM, self.read(component.llm, fixed))
        say("the same, similar demonstrations")
        readings = self.read(component.llm, component.retriever)
        rows["sft_similarity"] = self._alone(LLM, readings)
        say("the tagger, and its fusion with the language model")
        rows["slm"] = self._alone(SLM, Readings(self.tagged, 0.0))
        for name, rule in RULES.items():
            if rule != "learned" or component.calibration.learned is not None:
                rows[name] = self._fused(rule, readings)
        rule = component.cfg["rule"]
        # A tagger that is always right asks nobody.
        always = Readings(self.tagged, 0.0) if rule == SLM else readings
        rows["fusion"] = {**self._fused(rule, always), "rule": rule}
        say("the fusion, the language model asked where the tagger is unsure")
        rows["routed"] = self._fused(rule, always if rule == SLM else self._routed(readings))
        return rows

    def read(self, llm: Reader | None, retriever: Retriever) -> Readings:
        """llm (Reader | None): Who reads.
        retriever (Retriever): Finds demonstrations in the component's pool.
        RETURNS (Readings): All windows as both models read them.
        """
        method = replace(self.component.method(), llm=llm, retriever=retriever)
        start = time.perf_counter()
        cases = method.ask(self.docs, self.tagged, everywhere=True)
        return Readings(cases, time.perf_counter() - start)

    def _routed(self, always: Readings) -> Readings:
        """The readings without those that the component's route does not ask for. What it would have
        taken is measured anew, with the answers thrown away.
        """
        threshold = self.component.calibration.threshold
        unsure = [case for case in self.tagged if uncertainty(case.slm) > threshold]
        method = self.component.method()
        start = time.perf_counter()
        method.ask(self.docs, unsure, everywhere=True)
        seconds = time.perf_counter() - start
        cases = [c if uncertainty(c.slm) > threshold else replace(c, llm=None) for c in always.cases]
        return Readings(cases, seconds)

    def _alone(self, side: str, readings: Readings) -> Row:
        seconds = readings.seconds if side == LLM else self.seconds
        return self._row(side, readings, seconds)

    def _fused(self, rule: str, readings: Readings) -> Row:
        return self._row(rule, readings, self.seconds + readings.seconds)

    def _row(self, rule: str, readings: Readings, seconds: float) -> Row:
        decide = make_rule(rule, self.component.calibration)
        found = [fuse(case, decide) for case in readings.cases]
        asked = sum(case.llm is not None for case in readings.cases)
        return {
            **entity_scores(readings.cases, found, self.gold),
            **token_scores(readings.cases, found, self.gold),
            "asked": asked / max(1, len(readings.cases)),
            "docs_per_s": len(self.gold) / seconds,
        }


def entity_scores(
    cases: Sequence[Case], found: Sequence[Sequence[FusedMention]], gold: Sequence[Doc]
) -> Row:
    """RETURNS (Row): Exact match of start, end and label over all of the documents' entities, those
    included that no window holds whole; overall, by type, and the calibration error of the confidence.
    What was found where nothing is known of the entities is neither right nor wrong.
    """
    right = {(n, e.start_char, e.end_char, e.label_) for n, doc in enumerate(gold) for e in doc.ents}
    places = (
        ((window.document, window.start + m.start, window.start + m.end, m.label), m.confidence)
        for window, mentions in zip((case.window for case in cases), found, strict=True)
        for m in mentions
    )
    confidence = {item: sure for item, sure in places if annotated(gold[item[0]], *item[1:3])}
    labels = sorted({item[3] for item in right | set(confidence)})
    p, r, f = _prf(set(confidence), right)
    return {
        "ents_p": p,
        "ents_r": r,
        "ents_f": f,
        "ents_per_type": {
            label: dict(zip("prf", _prf(_of(label, confidence), _of(label, right)), strict=True))
            for label in labels
        },
        "expected_calibration_error": calibration_error(
            [(sure, item in right) for item, sure in confidence.items()]
        ),
    }


def token_scores(
    cases: Sequence[Case], found: Sequence[Sequence[FusedMention]], gold: Sequence[Doc]
) -> Row:
    """RETURNS (Row): Means over the tags, as in Xu et al.'s tables, in the windows of which the gold
    entities are known.
    """
    known = [Gold(doc) for doc in gold]
    judged = [
        (replace(case, gold=known[case.window.document].mentions(case.window)), mentions)
        for case, mentions in zip(cases, found, strict=True)
        if is_annotated(gold[case.window.document], case.window)
    ]
    plain = [[Mention(m.start, m.end, m.label) for m in mentions] for _, mentions in judged]
    by_tag = score([case for case, _ in judged], plain, "token_macro_f1")
    return {"token_macro_p": by_tag.p, "token_macro_r": by_tag.r, "token_macro_f": by_tag.f}


def _of(label: str, items: Iterable[tuple[int, int, int, str]]) -> set[Any]:
    return {item for item in items if item[3] == label}


def _prf(found: set[Any], right: set[Any]) -> tuple[float, float, float]:
    both = len(found & right)
    f = 2 * both / (len(found) + len(right)) if both else 0.0
    return both / max(1, len(found)), both / max(1, len(right)), f


def without_adapter(component: SLMLLMFusion, model: str | None) -> Reader | None:
    """component (SLMLLMFusion): The calibrated component.
    model (str | None): The model before fine-tuning; None where its adapter is all that was trained.
    RETURNS (Reader | None): A reader like the component's with that model and no adapter; None where
        there would be no difference.
    """
    from spacy_el4ner.backends.hf import HFBackend

    backend = getattr(component.llm, "backend", None)
    if not isinstance(backend, HFBackend) or (backend.adapter is None and model is None):
        return None
    reader = copy(component.llm)
    reader.backend = backend.without_adapter(model)  # type: ignore[union-attr]
    return reader
