"""The engine that annotates with Ray: actors hold the pipeline, and shards are the rows of Ray Data.

An actor reads its shards itself, so every node needs access to the pipeline and the input. Ray may
repeat a shard if a node is lost; the output still gets one part per shard.
"""

import logging
from collections.abc import Callable, Iterable, Iterator
from dataclasses import asdict
from typing import Any

from spacy_el4ner.bulk.records import Part
from spacy_el4ner.bulk.worker import AnnotationJob, Worker
from spacy_el4ner.errors import EL4NERImportError, EL4NERRuntimeError, Errors


class Actor:
    """A worker as Ray Data calls it.

    job (AnnotationJob): The input, the pipeline and their settings.
    """

    def __init__(self, job: AnnotationJob):
        self.worker = Worker(job)

    def __call__(self, row: dict[str, Any]) -> dict[str, Any]:
        """row (dict[str, Any]): The number of a shard, under "number".
        RETURNS (dict[str, Any]): The fields of the annotated shard.
        """
        part = self.worker(row["number"])
        return asdict(part)


def check() -> None:
    """RAISES (ImportError): EL069, Ray is not installed."""
    try:
        import ray.data  # noqa: F401
    except ImportError as error:
        raise EL4NERImportError(Errors.EL069) from error


def on_ray(
    job: AnnotationJob,
    numbers: Iterable[int],
    tell: Callable[[int], None],
    workers: int,
    gpus_per_worker: float = 0.0,
) -> Iterator[Part]:
    """job (AnnotationJob): The input, the pipeline and their settings. On GPUs its `gpu_id` is 0: an
        actor sees only its own GPU.
    numbers (Iterable[int]): The shards.
    tell (Callable[[int], None]): Called with the number of documents after each shard.
    workers (int): Number of actors, at most one a shard.
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
        compute=ray.data.ActorPoolStrategy(size=max(1, min(workers, len(rows)))),
        num_cpus=None if gpus_per_worker else 1,
        num_gpus=gpus_per_worker or None,
    )
    try:
        for row in data.iter_rows():
            part = Part(**row)
            tell(part.documents)
            yield part
    except ray.exceptions.RayError as error:
        raise EL4NERRuntimeError(Errors.EL068.format(problem=error)) from error
