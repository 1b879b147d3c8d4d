"""The engine that annotates in several processes of this machine, each with its own pipeline.

Every worker has its own pipe, so that the death of either end is an end of file for the other: a killed
worker is noticed, and no worker outlives a killed command.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection

from spacy_el4ner.bulk.records import Part
from spacy_el4ner.bulk.worker import AnnotationJob, Worker
from spacy_el4ner.errors import EL4NERRuntimeError, Errors

THREADS = "OMP_NUM_THREADS"


def in_processes(
    job: AnnotationJob, numbers: Iterable[int], tell: Callable[[int], None], n_process: int
) -> Iterator[Part]:
    """job (AnnotationJob): The input, the pipeline and their settings.
    numbers (Iterable[int]): The shards.
    tell (Callable[[int], None]): Called with the number of documents after each batch.
    n_process (int): Number of processes.
    YIELDS (Part): The shards, annotated, as they are finished.
    RAISES (RuntimeError): EL068, a worker has died or cannot work.
    """
    waiting = iter(numbers)
    with _workers(job, n_process) as workers:
        busy = {worker for worker in workers if _give(worker, waiting)}
        while busy:
            for worker in connection.wait(busy):
                assert isinstance(worker, Connection)
                message = _receive(worker)
                if isinstance(message, int):
                    tell(message)
                else:
                    if not _give(worker, waiting):
                        busy.remove(worker)
                    yield message


@contextmanager
def _workers(job: AnnotationJob, n: int) -> Iterator[list[Connection]]:
    # Spawned: a fork breaks libraries with threads, and inherits the pipes of the other workers.
    context = get_context("spawn")
    processes, ours = [], []
    try:
        with _shared_cores(n):
            for _ in range(n):
                mine, theirs = context.Pipe()
                process = context.Process(target=serve, args=(job, theirs), daemon=True)
                process.start()
                theirs.close()
                processes.append(process)
                ours.append(mine)
        yield ours
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join()


@contextmanager
def _shared_cores(n: int) -> Iterator[None]:
    """Give processes that start here their share of the cores, unless the user has set a number."""
    chosen = THREADS in os.environ
    os.environ.setdefault(THREADS, str(max(1, (os.cpu_count() or 1) // n)))
    try:
        yield
    finally:
        if not chosen:
            del os.environ[THREADS]


def serve(job: AnnotationJob, pipe: Connection) -> None:
    """Annotate the shards whose numbers come through a pipe, until it is closed.

    job (AnnotationJob): The work.
    pipe (Connection): Receives numbers of shards; sends progress and annotated shards.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    try:
        worker = Worker(job)
        while True:
            pipe.send(worker(pipe.recv(), pipe.send))
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:
        # The parent raises it again, as EL068.
        pipe.send(f"{type(error).__name__}: {error}")


def _give(worker: Connection, waiting: Iterator[int]) -> bool:
    """RETURNS (bool): Whether there was something left to do."""
    number = next(waiting, None)
    if number is not None:
        worker.send(number)
    return number is not None


def _receive(worker: Connection) -> int | Part:
    """RETURNS (int | Part): Documents that went through the pipeline, or a finished shard."""
    try:
        message = worker.recv()
    except (EOFError, ConnectionResetError):
        message = "it was killed, which the system does where memory is short"
    if isinstance(message, int | Part):
        return message
    raise EL4NERRuntimeError(Errors.EL068.format(problem=message))
