"""What both components do alike: annotate a stream, write to documents, be saved and loaded."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, Self

from spacy import util
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example

from spacy_el4ner.pipeline import attributes, saving
from spacy_el4ner.pipeline.checks import check_process
from spacy_el4ner.pipeline.faults import annotate


class Component:
    """A base beside spaCy's own. A component has a `predict`, says with `_write` how a result is
    written, with `_warn` what is to be said of a batch, and with `_writers`, `_readers` and `_models`
    what it is saved as.
    """

    cfg: dict[str, Any]
    scorer: Callable[..., dict[str, Any]] | None
    predict: Callable[[Sequence[Doc]], Sequence[Any]]
    _write: Callable[[Doc, Any], None]
    _warn: Callable[[Sequence[Any]], None]
    _writers: Callable[[], dict[str, Callable[[], bytes]]]
    _readers: Callable[[], dict[str, Callable[[bytes], Any]]]
    _models: Callable[[], list[Any]]

    def __call__(self, doc: Doc) -> Doc:
        """doc (Doc): The document.
        RETURNS (Doc): The same, annotated.
        """
        return next(self.pipe([doc]))

    def pipe(self, stream: Iterable[Doc], *, batch_size: int = 128) -> Iterator[Doc]:
        """stream (Iterable[Doc]): The documents.
        batch_size (int): Documents over which prompts are pooled.
        YIELDS (Doc): Every document, in order; one that failed is yielded as it was, and marked.
        """
        check_process(self._models())
        stream = iter(stream)
        while docs := list(islice(stream, batch_size)):
            yield from annotate(docs, self.predict, self._write_all, self.cfg["on_error"])

    def set_annotations(self, docs: Iterable[Doc], results: Iterable[Any]) -> None:
        """Write entities, candidates, confidences and counts.

        docs (Iterable[Doc]): The documents.
        results (Iterable[Result]): What `predict` returned for them.
        """
        for doc, result in zip(docs, results, strict=True):
            self._write(doc, result)

    def score(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The scores of the configured scorer."""
        return self.scorer(examples, **kwargs) if self.scorer is not None else {}

    def to_bytes(self, *, exclude: Iterable[str] = ()) -> bytes:
        """RETURNS (bytes): What was learnt; of language models only what the config says."""
        return util.to_bytes(self._writers(), exclude)

    def from_bytes(self, data: bytes, *, exclude: Iterable[str] = ()) -> Self:
        """RETURNS (Component): This component with what `to_bytes` wrote."""
        util.from_bytes(data, self._readers(), exclude)
        return self

    def to_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> None:
        """path (str | Path): A folder; it is replaced as a whole. Bundled models are copied along."""
        saving.to_disk(path, self._writers(), exclude, self._models())

    def from_disk(self, path: str | Path, *, exclude: Iterable[str] = ()) -> Self:
        """RETURNS (Component): This component with what `to_disk` wrote.
        RAISES (ValueError): The folder is not what was saved, says its manifest.
        """
        saving.from_disk(path, self._readers(), exclude, self._models())
        return self

    def _write_all(self, docs: Sequence[Doc], results: Sequence[Any]) -> None:
        self.set_annotations(docs, results)
        self._warn(results)

    def _annotate(
        self,
        doc: Doc,
        ents: Sequence[Span],
        spans: Sequence[Span],
        records: Sequence[dict[str, Any]],
        counts: dict[str, Any],
    ) -> None:
        """doc (Doc): Where to write.
        ents (Sequence[Span]): Its entities.
        spans (Sequence[Span]): All candidates.
        records (Sequence[dict[str, Any]]): Confidence and provenance of each, plain data.
        counts (dict[str, Any]): What happened.
        """
        doc.set_ents(list(ents), blocked=blocked(doc))
        group = SpanGroup(doc, name=self.cfg["spans_key"], spans=list(spans))
        group.attrs["scores"] = [record["confidence"] for record in records]
        doc.spans[self.cfg["spans_key"]] = group
        own = {attributes.key_of(span): record for span, record in zip(spans, records, strict=True)}
        doc._.el4ner = {"counts": counts, "spans": {**attributes.kept(doc), **own}, "error": ""}


def blocked(doc: Doc) -> list[Span]:
    """RETURNS (list[Span]): The tokens that are to be in no entity, `doc.set_ents(…, blocked=…)`. As by
    spaCy's own NER they are left alone, whatever is found.
    """
    return [doc[t.i : t.i + 1] for t in doc if t.ent_iob_ == "B" and not t.ent_type]
