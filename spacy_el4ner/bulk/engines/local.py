"""The engine that annotates in this process, one shard after another."""

from collections.abc import Callable, Iterable, Iterator

from spacy_el4ner.bulk.records import Part
from spacy_el4ner.bulk.worker import AnnotationJob, Worker


def in_this_process(
    job: AnnotationJob, numbers: Iterable[int], tell: Callable[[int], None]
) -> Iterator[Part]:
    """job (AnnotationJob): The input, the pipeline and their settings.
    numbers (Iterable[int]): The shards.
    tell (Callable[[int], None]): Called with the number of documents after each batch.
    YIELDS (Part): The shards, annotated, in order.
    """
    worker = Worker(job)
    for number in numbers:
        yield worker(number, tell)
