"""The targets of attacks: the whole pipeline, and the extraction of one voter."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.evaluation.bench.backends import SharedModelBackend
from spacy_el4ner.evaluation.bench.ensemble import prompted
from spacy_el4ner.evaluation.bench.extraction_prompts import sentences_of
from spacy_el4ner.evaluation.bench.judge import parse_tokens
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.evaluation.bench.system import AnswerRules, System, SystemReply
from spacy_el4ner.evaluation.bench.systems import DraftVerified, GenerateSingle
from spacy_el4ner.evaluation.injection.corpus import Entity
from spacy_el4ner.formats.base import Parsed
from spacy_el4ner.pipeline.finding import find_components
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.voters.base import Voter

MARGIN = 32
"""Tokens by which a free answer may be longer than the bare copy of its sentence."""


@dataclass(frozen=True)
class TargetReading:
    """The entities of one text and the validity of the answers.

    entities (frozenset[Entity]): The entities; the label is "" for extraction without labels.
    answers (int): Number of answers, where they can be counted.
    malformed (int): Answers that are not in the language of the format.
    outside (int): Spans outside of the text or of the label set.
    """

    entities: frozenset[Entity]
    answers: int = 0
    malformed: int = 0
    outside: int = 0


class Target(Protocol):
    """A reader of attacked texts.

    name (str): Its name in the report.
    """

    name: str

    def read(self, texts: Sequence[str]) -> list[TargetReading]:
        """texts (Sequence[str]): The texts.
        RETURNS (list[TargetReading]): The reading of each text.
        """
        ...


class PipelineTarget:
    """The whole pipeline.

    nlp (Language): A pipeline with a component of this package.
    """

    name = "pipeline"

    def __init__(self, nlp: Language):
        self.nlp = nlp
        components = find_components(nlp)
        self.labels = {label for c in components for label in c.cfg["labels"]}
        for component in components:
            component.cfg["on_error"] = "raise"

    def read(self, texts: Sequence[str]) -> list[TargetReading]:
        """texts (Sequence[str]): The texts.
        RETURNS (list[TargetReading]): The reading of each text.
        """
        docs = self.nlp.pipe(texts, batch_size=len(texts))
        return [self._reading(text, doc) for text, doc in zip(texts, docs, strict=True)]

    def _reading(self, text: str, doc: Doc) -> TargetReading:
        counts = doc._.el4ner["counts"]
        spans = [*doc.ents, *(span for group in doc.spans.values() for span in group)]
        outside = sum(
            span.label_ not in self.labels or text[span.start_char : span.end_char] != span.text
            for span in spans
        )
        entities = frozenset((e.start_char, e.end_char, e.label_) for e in doc.ents)
        broken = counts["unparsed"] + counts["unaligned"]
        return TargetReading(entities, malformed=broken, outside=outside)


class ExtractionTarget:
    """The extraction of one voter, without labels.

    nlp (Language): The pipeline, which tokenizes the texts.
    component (LLMEnsembleNER): The component, which retrieves the demonstrations.
    name (str): Name of the voter.
    voter (Voter): The voter.
    free (bool): Whether the answer is generated freely and parsed afterwards, not constrained by the
        format.
    """

    def __init__(self, nlp: Language, component: LLMEnsembleNER, name: str, voter: Voter, free: bool):
        self.name = "free" if free else "constrained"
        self.nlp, self.component = nlp, component
        self.voter, backend = prompted(name, voter)
        self.format = self.voter.template.format
        rules = AnswerRules(self.format, margin=MARGIN)
        twin = SharedModelBackend.twin(backend)
        self.system: System = (GenerateSingle if free else DraftVerified)(twin, rules)

    def read(self, texts: Sequence[str]) -> list[TargetReading]:
        """texts (Sequence[str]): The texts.
        RETURNS (list[TargetReading]): The reading of each text.
        """
        docs = [self.nlp.make_doc(text) for text in texts]
        sentences = sentences_of(self.component, self.voter, docs)
        self.system.prepare(sentences)
        replies = self.system.answer(sentences) if sentences else []
        readings = [TargetReading(frozenset()) for _ in texts]
        for sentence, reply in zip(sentences, replies, strict=True):
            n = sentence.window.document
            readings[n] = self._add(readings[n], sentence, reply)
        return readings

    def _add(self, reading: TargetReading, sentence: Sentence, reply: SystemReply) -> TargetReading:
        judged, at = self.system.judge(sentence, reply), sentence.window.start
        parsed = self._parsed(sentence, reply)
        entities = {(at + m.start, at + m.end, "") for m in parsed.mentions}
        return TargetReading(
            reading.entities | entities,
            reading.answers + 1,
            reading.malformed + judged.malformed,
            reading.outside + judged.outside,
        )

    def _parsed(self, sentence: Sentence, reply: SystemReply) -> Parsed:
        format = self.format
        if isinstance(self.system, GenerateSingle):
            return parse_tokens(reply.ids, sentence, format, self.system.backend.tokens)
        return format.parse(reply.text, sentence.window)
