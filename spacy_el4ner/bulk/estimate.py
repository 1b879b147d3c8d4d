"""An estimate of a bulk annotation, by annotating a few documents from all over the input."""

import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

from spacy.language import Language

from spacy_el4ner.backends.metered import MeteredBackend, Usage
from spacy_el4ner.bulk.files import open_source
from spacy_el4ner.bulk.files.reader import ShardReader
from spacy_el4ner.bulk.pipeline import BulkPipeline, silent
from spacy_el4ner.bulk.records import Annotated, DocumentRecord
from spacy_el4ner.bulk.run import check_source
from spacy_el4ner.bulk.worker import AnnotationJob
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.finding import find_components
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER

SAMPLE = 50
"""Documents that are annotated."""


@dataclass(frozen=True)
class Estimate:
    """What annotating an input takes, in one process.

    documents (int): Documents of the input.
    sample (int): Documents that were tried.
    failed (int): How many of those failed, or could not be read.
    start (float): Seconds until the pipeline and its models were loaded, and the first document done.
    seconds (float): Seconds for all documents, the start included.
    requests (float): Requests to language models for all documents.
    prompt_tokens (float), answer_tokens (float): Their tokens; bytes, for a server without `tokenizer`.
    """

    documents: int
    sample: int
    failed: int
    start: float
    seconds: float
    requests: float
    prompt_tokens: float
    answer_tokens: float

    def price(self, prompt: float, answer: float) -> float:
        """prompt (float), answer (float): Price of a million tokens of prompts, and of answers.
        RETURNS (float): The price of all documents.
        """
        return (self.prompt_tokens * prompt + self.answer_tokens * answer) / 1e6


def estimate(
    job: AnnotationJob, sample: int = SAMPLE, tell: Callable[[int], None] = silent
) -> Estimate:
    """Annotate a sample and extrapolate. Nothing is written.

    job (AnnotationJob): The input, the pipeline and their settings.
    sample (int): Number of documents.
    tell (Callable[[int], None]): Called with the number of documents after each batch.
    RETURNS (Estimate): The estimate. It is too high if the batches of the run are larger.
    RAISES (ValueError): EL063, the input is empty, or its documents have no text under the key; EL354,
        none of the sample has one.
    """
    documents, tried = _sample(job, sample)
    records = [record for record in tried if not record.error]
    if not records:
        raise EL4NERValueError(Errors.EL354.format(n=len(tried), path=job.source))
    began = time.perf_counter()
    pipeline = BulkPipeline(job.pipeline, job)
    usage = metered(pipeline.nlp)
    with pipeline.annotated(records[:1], tell) as done:
        start = time.perf_counter() - began
        failed = _failed(done)
    began = time.perf_counter()
    with pipeline.annotated(records[1:], tell) as done:
        seconds = time.perf_counter() - began
        failed += _failed(done)
    factor = documents / len(tried)
    return Estimate(
        documents,
        len(tried),
        failed + len(tried) - len(records),
        start,
        start + seconds * factor,
        usage.requests * factor,
        usage.prompt_tokens * factor,
        usage.answer_tokens * factor,
    )


def _failed(done: Iterable[Annotated]) -> int:
    return sum(bool(one.error) for one in done)


def metered(nlp: Language) -> Usage:
    """nlp (Language): A pipeline, whose language models are counted from now on.
    RETURNS (Usage): The count, which grows as documents are annotated.
    """
    usage = Usage()
    for component in find_components(nlp):
        models: list[Any] = (
            list(component.voters.values())
            if isinstance(component, LLMEnsembleNER)
            else [component.llm]
        )
        for model in models:
            if (backend := getattr(model, "backend", None)) is not None:
                inner = backend.backend if isinstance(backend, MeteredBackend) else backend
                model.backend = MeteredBackend(inner, usage)
    return usage


def _sample(job: AnnotationJob, sample: int) -> tuple[int, list[DocumentRecord]]:
    """The number of documents, and a sample of them at equal distances."""
    source = open_source(job.source, job.keys)
    check_source(source, job.source)
    documents = source.index(job.shard_size).documents
    distance = max(1, documents // sample)
    reader = ShardReader(source, source.index(distance).places, distance)
    chosen = range(min(sample, len(reader.places)))
    return documents, [record for number in chosen for record in reader.records(number, 1)]
