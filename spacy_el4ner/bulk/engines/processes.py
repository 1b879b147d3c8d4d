"""On several processes of this machine, each with a pipeline of its own.

Every worker has a pipe of its own, so that the death of either end is the other's end of file: a worker
that the system killed is noticed, and no worker outlives a command that was killed.
"""

import os
import signal
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from multiprocessing import connection, get_context
from multiprocessing.connection import Connection

from spacy_el4ner.bulk.records import Part
from spacy_el4ner.bulk.worker import Job, Worker
from spacy_el4ner.errors import Errors

THREADS = "OMP_NUM_THREADS"


def in_processes(
    job: Job, numbers: Iterable[int], tell: Callable[[int], None], n_process: int
) -> Iterator[Part]:
    """job (Job): What is to be done.
    numbers (Iterable[int]): The shards.
    tell (Callable): Is told the number of documents after each batch.
    n_process (int): How many processes.
    YIELDS (Part): The shards, annotated, as they are finished.
    RAISES (RuntimeError): EL068, a worker has died or cannot work.
    """
    waiting = iter(numbers)
    with _workers(job, n_process) as workers:
        busy = {worker for worker in workers if _give(worker, waiting)}
        while busy:
            for worker in connection.wait(busy):
                assert isinstance(worker, Connection)
                said = _receive(worker)
                if isinstance(said, int):
                    tell(said)
                else:
                    if not _give(worker, waiting):
                        busy.remove(worker)
                    yield said


@contextmanager
def _workers(job: Job, n: int) -> Iterator[list[Connection]]:
    # Not forked: libraries with threads do not survive that, and a fork holds on to its sisters' pipes.
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
    """Let processes that start here compute with their share of the cores, unless the user has said."""
    said = THREADS in os.environ
    os.environ.setdefault(THREADS, str(max(1, (os.cpu_count() or 1) // n)))
    try:
        yield
    finally:
        if not said:
            del os.environ[THREADS]


def serve(job: Job, pipe: Connection) -> None:
    """Annotate the shards whose numbers come through the pipe, until it is closed."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the parent decides
    try:
        worker = Worker(job)
        while True:
            pipe.send(worker(pipe.recv(), pipe.send))
    except (EOFError, BrokenPipeError):
        return
    except Exception as error:
        # The parent raises it again, in words.
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
        said = worker.recv()
    except (EOFError, ConnectionResetError):
        said = "it was killed, which the system does where memory is short"
    if isinstance(said, int | Part):
        return said
    raise RuntimeError(Errors.EL068.format(problem=said))
