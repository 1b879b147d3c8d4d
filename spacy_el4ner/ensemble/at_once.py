"""Voters on servers, which work at the same time."""

from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TypeVar

from spacy_el4ner.voters.base import Voter

T = TypeVar("T")


@contextmanager
def asked_at_once(voters: Mapping[str, Voter], ask: Callable[[str], T]) -> Iterator[Callable[[str], T]]:
    """Ask the voters on servers at the same time, each in a thread, which ends with the context.

    voters (Mapping[str, Voter]): Name -> voter.
    ask (Callable[[str], T]): Asks one voter, by name.
    YIELDS (Callable[[str], T]): Gives a voter's answer, by name: it waits for a voter on a server, and
        asks a voter in this process, so that these take turns.
    """
    remote = [name for name, voter in voters.items() if voter.remote]
    if not remote or len(voters) == 1:
        yield ask
        return
    failure: Exception | None = None
    waiting: dict[str, Future[T]] = {}
    threads = ThreadPoolExecutor(len(remote), "el4ner-voter")
    try:
        waiting.update((name, threads.submit(ask, name)) for name in remote)
        try:
            yield lambda name: waiting[name].result() if name in waiting else ask(name)
        except Exception as error:
            failure = error
        wait(waiting.values())  # an error of one voter does not take their answers from the others
    except BaseException:  # such as Ctrl-C
        for name in remote:
            voters[name].unload()
        raise
    finally:
        threads.shutdown()
    if failure is not None:
        raise failure
