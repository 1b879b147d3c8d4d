"""In this process, one shard after another."""

from collections.abc import Callable, Iterable, Iterator

from spacy_el4ner.bulk.records import Part
from spacy_el4ner.bulk.worker import Job, Worker


def in_this_process(job: Job, numbers: Iterable[int], tell: Callable[[int], None]) -> Iterator[Part]:
    """job (Job): What is to be done.
    numbers (Iterable[int]): The shards.
    tell (Callable): Is told the number of documents after each batch.
    YIELDS (Part): The shards, annotated, in order.
    """
    worker = Worker(job)
    for number in numbers:
        yield worker(number, tell)
