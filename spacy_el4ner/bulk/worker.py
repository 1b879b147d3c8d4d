"""What annotates a shard: one pipeline in one process. The same shard always gives the same part."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc

from spacy_el4ner.bulk.files import Keys, make_output, open_source
from spacy_el4ner.bulk.files.jsonl import json_line
from spacy_el4ner.bulk.kernels import keep_few_kernels
from spacy_el4ner.bulk.records import Annotated, Part, Record
from spacy_el4ner.bulk.texts import mended
from spacy_el4ner.errors import Errors


@dataclass(frozen=True)
class Job:
    """What is to be annotated, by what and how: all that a worker in another process has to know.

    pipeline (str): A folder, or the name of an installed package.
    source (Path): The input.
    suffix (str): Of the output.
    keys (Keys): Where text and id stand in the input.
    shard_size (int): Documents a shard.
    batch_size (int): Documents that go through the pipeline together; never of two shards, so that it
        does not matter who annotates which shard, nor in what order.
    max_length (int | None): Characters that a text may have; None for what the pipeline allows.
    gpu_id (int): The GPU to use; below 0 for the CPU.
    keep_ents (bool): Whether entities that documents of the input have stay. Otherwise gold entities
        would pass for the pipeline's.
    """

    pipeline: str
    source: Path
    suffix: str
    keys: Keys = field(default_factory=Keys)
    shard_size: int = 1000
    batch_size: int = 128
    max_length: int | None = None
    gpu_id: int = -1
    keep_ents: bool = False


def silent(documents: int) -> None:
    """Tell nobody how far a worker is."""


class Worker:
    """job (Job): What is to be done."""

    def __init__(self, job: Job):
        if job.gpu_id >= 0:
            from thinc.api import require_gpu

            require_gpu(job.gpu_id)
        self.job = job
        keep_few_kernels()
        self.nlp = spacy.load(job.pipeline)
        if job.max_length is not None:
            self.nlp.max_length = job.max_length
        self.source = open_source(job.source, job.keys)
        self.output = make_output(job.suffix)
        self.items: Iterator[Any] = iter(())
        self.at = -1

    def __call__(self, number: int, tell: Callable[[int], None] = silent) -> Part:
        """number (int): A shard, from 0.
        tell (Callable): Is told the number of documents after each batch.
        RETURNS (Part): The shard, annotated.
        """
        records = self._records(number)
        whole = [record for record in records if not record.error]
        done: list[Annotated] = []
        with self._memory_zone(), _quiet():
            for start in range(0, len(whole), self.job.batch_size):
                done += self._annotate(whole[start : start + self.job.batch_size])
                tell(len(done) - start)
            data = self.output.write(done)
        tell(len(records) - len(whole))
        failed = {a.record.line: a.error for a in done if a.error}
        failures = [(r, r.error or failed.get(r.line, "")) for r in records]
        said = b"".join(_failure(record, error) for record, error in failures if error)
        return Part(number, len(records), data, said)

    def _records(self, number: int) -> list[Record]:
        """The documents of a shard. Shards come in order, mostly; what lies between is passed over."""
        start = number * self.job.shard_size
        if not 0 <= self.at <= start:
            self.items, self.at = self.source.items(), 0
        items = list(islice(self.items, start - self.at, start - self.at + self.job.shard_size))
        self.at = start + len(items)
        return [self.source.record(item) for item in items]

    def _memory_zone(self) -> AbstractContextManager[Any]:
        """Frees after a shard what spaCy keeps of its words; versions before 3.8 cannot."""
        zone = getattr(self.nlp, "memory_zone", None)
        return nullcontext() if zone is None else zone()

    def _annotate(self, records: Sequence[Record]) -> list[Annotated]:
        """Annotate a batch; where it fails, each of its documents alone."""
        batch = [self._made(record) for record in records]
        accepted = [a for a in batch if not a.error]
        try:
            docs = self._through([a.doc for a in accepted])
        except Exception:
            # Whatever a model, a tokenizer or a device throws: it is said of the document that it
            # concerns, and the others go on.
            return [self._alone(a) for a in batch]
        for one, doc in zip(accepted, docs, strict=True):
            one.doc, one.error = doc, _marked(doc)
        return batch

    def _alone(self, one: Annotated) -> Annotated:
        if one.error:
            return one
        try:
            (doc,) = self._through([self._doc(one.record)])
        except Exception as error:
            return Annotated(one.record, self._bare(one.record), _said(error))
        return Annotated(one.record, doc, _marked(doc))

    def _made(self, record: Record) -> Annotated:
        """The document of a record. Without a pipeline to go through where spaCy refuses the text: for
        its length, or for halves of surrogate pairs.
        """
        try:
            return Annotated(record, self._doc(record))
        except (ValueError, UnicodeError) as error:
            return Annotated(record, self._bare(record), _said(error))

    def _doc(self, record: Record) -> Doc:
        return self._given(record) if record.doc else self.nlp.make_doc(record.text)

    def _bare(self, record: Record) -> Doc:
        return self._given(record) if record.doc else self.nlp.tokenizer(mended(record.text))

    def _given(self, record: Record) -> Doc:
        """The document that the input holds. Where its entities go, nothing is known of them, not that
        there are none: components look for them.
        """
        doc = Doc(self.nlp.vocab).from_bytes(record.doc)
        if not self.job.keep_ents:
            doc.set_ents([], default="missing")
        return doc

    def _through(self, docs: Sequence[Doc]) -> list[Doc]:
        """RAISES (RuntimeError): EL071, a component has kept documents for itself."""
        annotated = list(self.nlp.pipe(docs, batch_size=self.job.batch_size))
        if len(annotated) != len(docs):
            raise RuntimeError(Errors.EL071.format(n=len(docs) - len(annotated)))
        return annotated


def _marked(doc: Doc) -> str:
    """What a component says in `doc._.el4ner["error"]` of a document that it could not annotate."""
    data = doc._.el4ner if Doc.has_extension("el4ner") else None
    return str((data or {}).get("error") or "")


def _said(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _failure(record: Record, error: str) -> bytes:
    return json_line({"id": record.id, "line": record.line, "error": error, "text": record.text})


@contextmanager
def _quiet() -> Iterator[None]:
    """Leave out the warning for each document that failed: that is what the file of failures tells."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[WL002\]")
        yield
