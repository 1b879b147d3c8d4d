"""The common base of both components: annotating a stream, writing on documents, saving and loading."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any, ClassVar, Self

from spacy import util
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

import spacy_el4ner.registry  # noqa: F401 - creates the registries that blocks come from
from spacy_el4ner.pipeline import attributes, faults, saving
from spacy_el4ner.pipeline.checks import check_process

ASSIGNS = ["doc.ents", "doc.spans", "doc._.el4ner", "span._.confidence", "span._.provenance"]
"""Attributes that both components set, for `nlp.analyze_pipes`."""
SCORE_WEIGHTS: dict[str, float | None] = {
    "ents_f": 1.0,
    "ents_p": 0.0,
    "ents_r": 0.0,
    "ents_per_type": None,
    "el4ner_calibration_error": None,
    "el4ner_error_by_chance": None,
    "el4ner_brier_score": None,
    "el4ner_aurc": None,
}
"""Weights of the scores of both components in `spacy train`."""


@dataclass(frozen=True)
class Annotation:
    """The annotation that a component writes to a document.

    ents (Sequence[Span]): Its entities.
    spans (Sequence[Span]): All candidates, including overlapping ones.
    records (Sequence[dict[str, Any]]): Confidence and provenance of each candidate, plain data.
    counts (dict[str, Any]): Counts of what happened, plain data.
    """

    ents: Sequence[Span]
    spans: Sequence[Span]
    records: Sequence[dict[str, Any]]
    counts: dict[str, Any]


class Component(ABC):
    """A base of both components, next to spaCy's own. A component predicts; this class annotates a
    stream with that, writes on documents, and saves.

    factory (str): Name of the component's factory, for messages.
    name (str): Name of the component in the pipeline.
    """

    factory: ClassVar[str]
    name: str
    cfg: dict[str, Any]
    scorer: Callable[..., dict[str, Any]] | None

    @abstractmethod
    def predict(self, docs: Sequence[Doc]) -> Sequence[Any]:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (Sequence[Any]): A result per document, in order.
        """

    @abstractmethod
    def annotation(self, doc: Doc, result: Any) -> Annotation:
        """doc (Doc): A document. It is only read.
        result (Any): What `predict` returned for it.
        RETURNS (Annotation): What is to be written on it.
        """

    @abstractmethod
    def _warnings(self, results: Sequence[Any]) -> Iterator[str]:
        """results (Sequence[Any]): The results of a batch.
        YIELDS (str): What the user is to be warned of.
        """

    @abstractmethod
    def _writers(self) -> dict[str, Callable[[], bytes]]:
        """RETURNS (dict[str, Callable[[], bytes]]): Part of the component -> gives its bytes."""

    @abstractmethod
    def _readers(self) -> dict[str, Callable[[bytes], Any]]:
        """RETURNS (dict[str, Callable[[bytes], Any]]): Part of the component -> takes its bytes."""

    @abstractmethod
    def _models(self) -> list[Any]:
        """RETURNS (list[Any]): What may use models that lie within the component's folder."""

    def is_sure(self, label: str, confidence: float) -> bool:
        """label (str): The label of an entity.
        confidence (float): Its confidence, 0 to 1.
        RETURNS (bool): Whether the setting `min_confidence` accepts it.
        """
        setting = self.cfg.get("min_confidence", 0.0)
        least: float = setting.get(label, 0.0) if isinstance(setting, Mapping) else setting
        return confidence >= least

    def configure(self, nlp: Language | None, changed: Mapping[str, Any]) -> None:
        """Change settings, also in the config of a pipeline, which is what is saved.

        nlp (Language | None): The pipeline; None for none.
        changed (Mapping[str, Any]): Setting -> value or block. Objects that blocks make are the
            caller's to replace.
        """
        self.cfg.update({name: changed[name] for name in changed if name in self.cfg})
        if nlp is not None:
            nlp.get_pipe_config(self.name).update(changed)

    def prepare(self) -> None:
        """Read what the config names and `predict` needs; called before a stream is annotated."""
        return

    def __call__(self, doc: Doc) -> Doc:
        """doc (Doc): The document.
        RETURNS (Doc): The same, annotated.
        """
        return next(self._annotate([doc], 1))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """stream (Iterable[Doc]): The documents.
        batch_size (int): Documents over which prompts are pooled.
        YIELDS (Doc): Every document, in order; one that failed is yielded as it was, and marked.
        """
        yield from self._annotate(stream, batch_size)

    def set_annotations(self, docs: Iterable[Doc], results: Iterable[Any]) -> None:
        """Write entities, candidates, confidences and counts.

        docs (Iterable[Doc]): The documents.
        results (Iterable[Any]): What `predict` returned for them.
        """
        for doc, result in zip(docs, results, strict=True):
            write(doc, self.annotation(doc, result), self.cfg["spans_key"], self.name)

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """examples (Iterable[Example]): Predicted and gold documents.
        **kwargs (Any): Passed on to the scorer.
        RETURNS (dict[str, Any]): The scores of the configured scorer.
        """
        return self.scorer(examples, **kwargs) if self.scorer is not None else {}

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """exclude (Iterable[str]): Names of parts to leave out.
        RETURNS (bytes): What was learnt; of language models only what the config says.
        """
        return util.to_bytes(self._writers(), exclude)

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """data (bytes): What `to_bytes` wrote.
        exclude (Iterable[str]): Names of parts to leave as they are.
        RETURNS (Component): This component with that.
        RAISES (ValueError): EL316, a part is missing.
        """
        saving.from_bytes(data, self._readers(), exclude)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """path (str | Path): A folder, which is replaced as a whole. Bundled models are copied along.
        exclude (Iterable[str]): Names of parts to leave out; "models" are the bundled models.
        RAISES (ValueError): EL130, the folder holds something else, or it is a file.
        """
        saving.to_disk(path, self._writers(), exclude, self._models())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """path (str | Path): A folder that `to_disk` wrote.
        exclude (Iterable[str]): Names of parts to leave as they are.
        RETURNS (Component): This component with that.
        RAISES (ValueError): The folder is not what was saved, says its manifest.
        """
        saving.from_disk(path, self._readers(), exclude, self._models())
        return self

    def _annotate(self, stream: Iterable[Doc], batch_size: int) -> Iterator[Doc]:
        check_process(self._models())
        self.prepare()
        stream = iter(stream)
        while docs := list(islice(stream, batch_size)):
            on_error = self.cfg["on_error"]
            yield from faults.annotate(docs, self.predict, self._write_all, on_error, self.name)

    def _write_all(self, docs: Sequence[Doc], results: Sequence[Any]) -> None:
        self.set_annotations(docs, results)
        for message in self._warnings(results):
            faults.warn(message, self.cfg["on_error"])


def write(doc: Doc, annotation: Annotation, spans_key: str, name: str = "") -> None:
    """doc (Doc): The document to write on.
    annotation (Annotation): Its entities, candidates, confidences and counts.
    spans_key (str): Where the candidates go in `doc.spans`.
    name (str): Name of the component. Errors of other components stay noted.
    """
    doc.set_ents(list(annotation.ents), blocked=blocked(doc))
    group = SpanGroup(doc, name=spans_key, spans=list(annotation.spans))
    group.attrs["scores"] = [record["confidence"] for record in annotation.records]
    doc.spans[spans_key] = group
    pairs = zip(annotation.spans, annotation.records, strict=True)
    own = {attributes.key_of(span): record for span, record in pairs}
    spans = {**attributes.kept(doc), **own}
    failures = {other: error for other, error in faults.errors(doc).items() if other != name}
    doc._.el4ner = {
        "counts": annotation.counts,
        "spans": spans,
        "characters": len(doc.text),
        **faults.error_data(failures),
    }
    attributes.keep_confidences(doc, spans)


def blocked(doc: Doc) -> list[Span]:
    """doc (Doc): A document.
    RETURNS (list[Span]): The tokens that must not be in an entity, `doc.set_ents(…, blocked=…)`. Like
        spaCy's own NER, the components leave them alone.
    """
    return [doc[t.i : t.i + 1] for t in doc if t.ent_iob_ == "B" and not t.ent_type]
