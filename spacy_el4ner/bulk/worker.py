"""The worker that annotates shards: one pipeline in one process, with reproducible results."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from spacy_el4ner.bulk.files import make_output, open_source
from spacy_el4ner.bulk.files.jsonl import json_line
from spacy_el4ner.bulk.files.places import Place
from spacy_el4ner.bulk.files.reader import ShardReader
from spacy_el4ner.bulk.pipeline import BulkPipeline, silent
from spacy_el4ner.bulk.records import Annotated, DocumentRecord, Part
from spacy_el4ner.bulk.settings import AnnotationSettings


@dataclass(frozen=True)
class AnnotationJob(AnnotationSettings):
    """Everything that a worker in another process needs: the input, the pipeline and their settings.

    pipeline (str): A folder, or the name of an installed package.
    source (Path): The input.
    suffix (str): Suffix of the output.
    text_key (str), id_key (str), keep_ents (bool), max_length (int | None): As for
        `AnnotationSettings`.
    shard_size (int), batch_size (int), gpu_id (int): As for `AnnotationSettings`.
    places (tuple[Place, ...]): Where each shard begins in the input; if empty, every worker finds out.
    """

    pipeline: str
    source: Path
    suffix: str
    places: tuple[Place, ...] = ()


class Worker:
    """One pipeline, which annotates shards.

    job (AnnotationJob): The input, the pipeline and their settings.
    """

    def __init__(self, job: AnnotationJob):
        self.job = job
        self.pipeline = BulkPipeline(job.pipeline, job)
        source = open_source(job.source, job.keys)
        places = job.places or source.index(job.shard_size).places
        self.reader = ShardReader(source, places, job.shard_size)
        self.output = make_output(job.suffix)

    def __call__(self, number: int, tell: Callable[[int], None] = silent) -> Part:
        """number (int): A shard, from 0.
        tell (Callable[[int], None]): Called with the number of documents after each batch.
        RETURNS (Part): The shard, annotated.
        """
        records = self.reader.records(number)
        whole = [record for record in records if not record.error]
        with self.pipeline.annotated(whole, tell) as done:
            data = self.output.write(done)
        tell(len(records) - len(whole))
        failed = {a.record.line: a.error for a in done if a.error}
        failures = [(r, r.error or failed.get(r.line, "")) for r in records]
        return Part(
            number,
            len(records),
            data,
            b"".join(failure(record, error) for record, error in failures if error),
            b"".join(incomplete(a) for a in done if a.absent),
        )


def failure(record: DocumentRecord, error: str) -> bytes:
    """record (DocumentRecord): A document of the input.
    error (str): Why it failed.
    RETURNS (bytes): Its line in the file of failures.
    """
    return json_line({"id": record.id, "line": record.line, "error": error, "text": record.text})


def incomplete(one: Annotated) -> bytes:
    """one (Annotated): A document that only some of the voters annotated.
    RETURNS (bytes): Its line in the file of incomplete documents.
    """
    return json_line({"id": one.record.id, "line": one.record.line, "absent": one.absent})
