"""A lock for components whose models only one thread may use at a time."""

from threading import RLock
from types import TracebackType
from typing import Any


class Turn:
    """A lock that can be pickled: the copy is a lock of its own."""

    def __init__(self) -> None:
        self._lock = RLock()

    def __enter__(self) -> None:
        """Wait until no other thread has the turn."""
        self._lock.acquire()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Let the next thread have the turn.

        kind (type | None): The class of an exception that ends the block.
        error (BaseException | None): The exception.
        traceback (TracebackType | None): Its traceback.
        """
        self._lock.release()

    def __reduce__(self) -> tuple[Any, tuple[()]]:
        """RETURNS (tuple): How to make a copy."""
        return Turn, ()
