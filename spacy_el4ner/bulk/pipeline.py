"""A pipeline that annotates records in batches, in which a document that fails harms no other."""

import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any

import spacy
from spacy.tokens import Doc

from spacy_el4ner.bulk.kernels import keep_few_kernels
from spacy_el4ner.bulk.records import Annotated, DocumentRecord
from spacy_el4ner.bulk.settings import AnnotationSettings
from spacy_el4ner.bulk.texts import mended
from spacy_el4ner.errors import EL4NERRuntimeError, Errors
from spacy_el4ner.pipeline.attributes import forget, notes
from spacy_el4ner.pipeline.faults import SETUP
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER


def silent(documents: int) -> None:
    """Report no progress.

    documents (int): The number of documents that were annotated.
    """


class BulkPipeline:
    """A loaded pipeline.

    pipeline (str): A folder, or the name of an installed package.
    settings (AnnotationSettings): How documents are annotated.
    """

    def __init__(self, pipeline: str, settings: AnnotationSettings):
        if settings.gpu_id >= 0:
            from thinc.api import require_gpu

            require_gpu(settings.gpu_id)
        self.settings = settings
        keep_few_kernels()
        self.nlp = spacy.load(pipeline)
        if settings.max_length is not None:
            self.nlp.max_length = settings.max_length
        for _, component in self.nlp.pipeline:
            if isinstance(component, LLMEnsembleNER):
                # Each batch is a stream; a server that is down is not waited for in each of them.
                component.absences.lasting = True

    @contextmanager
    def annotated(
        self, records: Sequence[DocumentRecord], tell: Callable[[int], None] = silent
    ) -> Iterator[list[Annotated]]:
        """records (Sequence[DocumentRecord]): Documents with a text.
        tell (Callable[[int], None]): Called with the number of documents after each batch.
        YIELDS (list[Annotated]): The documents, annotated batch by batch. What spaCy keeps of their
            words is freed afterwards.
        """
        done: list[Annotated] = []
        with self._memory_zone(), _quiet():
            for start in range(0, len(records), self.settings.batch_size):
                done += self._annotate(records[start : start + self.settings.batch_size])
                tell(len(done) - start)
            yield done

    def _memory_zone(self) -> AbstractContextManager[Any]:
        """Frees after a shard what spaCy keeps of its words; versions before 3.8 cannot."""
        zone = getattr(self.nlp, "memory_zone", None)
        return nullcontext() if zone is None else zone()

    def _annotate(self, records: Sequence[DocumentRecord]) -> list[Annotated]:
        """Annotate a batch; where it fails, each of its documents alone."""
        batch = [self._from_record(record) for record in records]
        accepted = [a for a in batch if not a.error]
        try:
            docs = self._through([a.doc for a in accepted])
        except SETUP:
            raise
        except Exception:
            # Models, tokenizers and devices raise anything: the error is recorded with the document
            # that causes it, and the other documents are annotated.
            return [self._alone(a) for a in batch]
        for one, doc in zip(accepted, docs, strict=True):
            one.doc, one.error, one.absent = doc, _marked(doc), _absent(doc)
        return batch

    def _alone(self, one: Annotated) -> Annotated:
        if one.error:
            return one
        try:
            (doc,) = self._through([self._doc(one.record)])
        except SETUP:
            raise
        except Exception as error:
            return Annotated(one.record, self._bare(one.record), _message(error))
        return Annotated(one.record, doc, _marked(doc), _absent(doc))

    def _from_record(self, record: DocumentRecord) -> Annotated:
        """The document of a record. Without a pipeline to go through where spaCy refuses the text: for
        its length, or for halves of surrogate pairs.
        """
        try:
            return Annotated(record, self._doc(record))
        except (ValueError, UnicodeError) as error:
            return Annotated(record, self._bare(record), _message(error))

    def _doc(self, record: DocumentRecord) -> Doc:
        return self._given(record) if record.doc else self.nlp.make_doc(record.text)

    def _bare(self, record: DocumentRecord) -> Doc:
        return self._given(record) if record.doc else self.nlp.tokenizer(mended(record.text))

    def _given(self, record: DocumentRecord) -> Doc:
        """The document that the input holds. Where its entities go, nothing is known of them, not that
        there are none: components look for them.
        """
        doc = Doc(self.nlp.vocab).from_bytes(record.doc)
        forget(doc)
        if not self.settings.keep_ents:
            doc.set_ents([], default="missing")
        return doc

    def _through(self, docs: Sequence[Doc]) -> list[Doc]:
        """RAISES (RuntimeError): EL071, a component dropped documents."""
        annotated = list(self.nlp.pipe(docs, batch_size=self.settings.batch_size))
        if len(annotated) != len(docs):
            raise EL4NERRuntimeError(Errors.EL071.format(n=len(docs) - len(annotated)))
        return annotated


def _marked(doc: Doc) -> str:
    """The error in `doc._.el4ner["error"]` of a document that a component could not annotate."""
    return str(notes(doc).get("error") or "")


def _absent(doc: Doc) -> dict[str, str]:
    """The voters that did not answer about a document that others annotated."""
    counts = notes(doc).get("counts") or {}
    return {str(name): str(reason) for name, reason in (counts.get("unavailable") or {}).items()}


def _message(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


@contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the warnings about failed and incomplete documents, which are in files of their own."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message=r"\[WL(002|248)\]")
        yield
