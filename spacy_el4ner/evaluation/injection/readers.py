"""Who reads the attacked texts: the whole pipeline, and one backbone's extraction, forced and free."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.backends.base import Backbone
from spacy_el4ner.evaluation.bench.asking import sentences_of
from spacy_el4ner.evaluation.bench.ensemble import hf_backend
from spacy_el4ner.evaluation.bench.judge import parse_tokens
from spacy_el4ner.evaluation.bench.model import OpenBackend
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.evaluation.bench.systems import (
    DraftVerified,
    GenerateSingle,
    Reply,
    System,
    Terms,
)
from spacy_el4ner.evaluation.injection.corpus import Entity
from spacy_el4ner.formats.base import Parsed
from spacy_el4ner.pipeline.component import Component
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER

MARGIN = 32
"""Tokens by which a free answer may be longer than the bare copy of its sentence."""


@dataclass(frozen=True)
class Reading:
    """What was found in one text.

    entities (frozenset[Entity]): Offsets in the text; the label is "" where none was asked for.
    answers (int): Answers given, where they can be counted.
    malformed (int): Those of them that are not in the language of the format.
    outside (int): Spans outside of the text or of the label set.
    """

    entities: frozenset[Entity]
    answers: int = 0
    malformed: int = 0
    outside: int = 0


class Reader(Protocol):
    """name (str): What it is called in the report."""

    name: str

    def read(self, texts: Sequence[str]) -> list[Reading]:
        """RETURNS (list[Reading]): One a text, in order."""
        ...


class WholePipeline:
    """nlp (Language): A pipeline with a component of this package."""

    name = "pipeline"

    def __init__(self, nlp: Language):
        self.nlp = nlp
        components = [c for _, c in nlp.pipeline if isinstance(c, Component)]
        self.labels = {label for c in components for label in c.cfg["labels"]}
        for component in components:
            component.cfg["on_error"] = "raise"

    def read(self, texts: Sequence[str]) -> list[Reading]:
        docs = self.nlp.pipe(texts, batch_size=len(texts))
        return [self._reading(text, doc) for text, doc in zip(texts, docs, strict=True)]

    def _reading(self, text: str, doc: Doc) -> Reading:
        counts = doc._.el4ner["counts"]
        spans = [*doc.ents, *(span for group in doc.spans.values() for span in group)]
        outside = sum(
            span.label_ not in self.labels or text[span.start_char : span.end_char] != span.text
            for span in spans
        )
        found = frozenset((e.start_char, e.end_char, e.label_) for e in doc.ents)
        broken = counts["unparsed"] + counts["unaligned"]
        return Reading(found, malformed=broken, outside=outside)


class Extraction:
    """One backbone's extraction, without types.

    nlp (Language): The pipeline; it makes the documents.
    component (LLMEnsembleNER): Retrieves the demonstrations.
    backbone (Backbone): Who is asked.
    free (bool): Whether it may say anything, and its answer is parsed after; else the format allows
        what it may say next.
    """

    def __init__(self, nlp: Language, component: LLMEnsembleNER, backbone: Backbone, free: bool):
        self.name = "free" if free else "constrained"
        self.nlp, self.component, self.backbone = nlp, component, backbone
        terms = Terms(backbone.format, margin=MARGIN)
        twin = OpenBackend.twin(hf_backend(backbone))
        self.system: System = (GenerateSingle if free else DraftVerified)(twin, terms)

    def read(self, texts: Sequence[str]) -> list[Reading]:
        docs = [self.nlp.make_doc(text) for text in texts]
        sentences = sentences_of(self.component, self.backbone, docs)
        self.system.prepare(sentences)
        replies = self.system.answer(sentences) if sentences else []
        readings = [Reading(frozenset()) for _ in texts]
        for sentence, reply in zip(sentences, replies, strict=True):
            n = sentence.window.document
            readings[n] = self._add(readings[n], sentence, reply)
        return readings

    def _add(self, reading: Reading, sentence: Sentence, reply: Reply) -> Reading:
        judged, at = self.system.judge(sentence, reply), sentence.window.start
        parsed = self._parsed(sentence, reply)
        found = {(at + m.start, at + m.end, "") for m in parsed.mentions}
        return Reading(
            reading.entities | found,
            reading.answers + 1,
            reading.malformed + judged.malformed,
            reading.outside + judged.outside,
        )

    def _parsed(self, sentence: Sentence, reply: Reply) -> Parsed:
        format = self.backbone.format
        if isinstance(self.system, GenerateSingle):
            return parse_tokens(reply.ids, sentence, format, self.system.backend.tokens)
        return format.parse(reply.text, sentence.window)
