"""On a Ray cluster, or on this machine by Ray: actors hold the pipeline, shards are Ray Data's rows.

An actor reads its shards itself, so pipeline and input must lie where every node sees them. Ray may run
a shard again, where a node is lost; what reaches the output is one part a shard.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from spacy_el4ner.bulk.records import Part
from spacy_el4ner.bulk.worker import Job, Worker
from spacy_el4ner.errors import Errors


class Actor:
    """A worker as Ray Data calls it.

    job (Job): What is to be done.
    """

    def __init__(self, job: Job):
        self.worker = Worker(job)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        part = self.worker(row["number"])
        return asdict(part)


def check() -> None:
    """RAISES (ImportError): EL069, Ray is not installed."""
    try:
        import ray.data  # noqa: F401
    except ImportError as error:
        raise ImportError(Errors.EL069) from error


def on_ray(
    job: Job,
    numbers: Iterable[int],
    tell: Callable[[int], None],
    workers: int,
    gpus_per_worker: float = 0.0,
) -> Iterator[Part]:
    """job (Job): What is to be done. On GPUs its `gpu_id` is 0: Ray shows an actor only its own.
    numbers (Iterable[int]): The shards.
    tell (Callable): Is told the number of documents after each shard.
    workers (int): How many actors.
    gpus_per_worker (float): GPUs of each; 0 for the CPU, below 1 for actors that share one.
    YIELDS (Part): The shards, annotated, as they are finished.
    RAISES (ImportError): EL069. (RuntimeError): EL068, a worker has died or cannot work.
    """
    check()
    import ray
    import ray.data

    # One progress bar is enough, and it is not Ray's.
    ray.data.DataContext.get_current().enable_progress_bars = False
    logging.getLogger("ray.data").setLevel(logging.WARNING)
    rows = [{"number": number} for number in numbers]
    data = ray.data.from_items(rows, override_num_blocks=max(1, len(rows))).map(
        Actor,
        fn_constructor_args=(job,),
        compute=ray.data.ActorPoolStrategy(size=workers),
        num_cpus=None if gpus_per_worker else 1,
        num_gpus=gpus_per_worker or None,
    )
    try:
        for row in data.iter_rows():
            part = Part(**row)
            tell(part.documents)
            yield part
    except ray.exceptions.RayError as error:
        raise RuntimeError(Errors.EL068.format(problem=error)) from error
