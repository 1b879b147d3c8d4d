"""Progress of long work: a bar on a terminal, a line a minute elsewhere.

A bar is redrawn many times a second. In a log file or a CI job each redraw would be a line of its own,
so a stream that is not a terminal gets one plain line a minute and one at the end.
"""

import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sized
from types import TracebackType
from typing import Any, Self, TextIO, TypeVar

from tqdm import tqdm

T = TypeVar("T")
SECONDS = 60.0
"""Seconds between two lines."""
_OPEN: list["Progress"] = []
"""What is being shown, the innermost last."""


def now() -> float:
    """RETURNS (float): The current time in seconds, from an arbitrary start."""
    return time.monotonic()


def beat(note: str) -> None:
    """Show how far a step within one unit of the work is, such as the answers to a batch of prompts, so
    that a log has its line a minute even where units take longer. Does nothing where nothing is shown.

    note (str): How far the step is; shown behind the numbers until the next unit is done.
    """
    if _OPEN:
        _OPEN[-1].show_step(note)


class Progress:
    """A context manager that shows how much of some work is done.

    title (str): What is being done; changed by assigning to it.
    total (int | None): Units of the whole work, if known; changed by assigning to it.
    unit (str): Name of the units, such as "steps".
    done (int): Units that are done already, such as those of an earlier run.
    stream (TextIO | None): The stream to write to; None for stderr.
    clock (Callable[[], float] | None): The current time in seconds; None for `now`.
    """

    def __init__(
        self,
        title: str,
        total: int | None = None,
        *,
        unit: str = "documents",
        done: int = 0,
        stream: TextIO | None = None,
        clock: Callable[[], float] | None = None,
    ):
        self.title, self.total, self.unit, self.done = title, total, unit, done
        self.note = ""
        """Shown behind the numbers, such as a loss."""
        self._stream = sys.stderr if stream is None else stream
        self._line = ""
        self._step = ""
        self._clock = now if clock is None else clock
        self._first, self._start = done, self._clock()
        self._written = self._start
        self._bar: Any = None
        if self._stream.isatty():
            self._bar = tqdm(
                desc=title, total=total, initial=done, unit=unit, file=self._stream, smoothing=0.1
            )

    def __enter__(self) -> Self:
        """RETURNS (Progress): Itself."""
        _OPEN.append(self)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Show the final state.

        kind (type[BaseException] | None), error (BaseException | None), traceback
            (TracebackType | None): The exception that ended the work, if any; it is not suppressed.
        """
        _OPEN.remove(self)
        self._step = ""
        if self._bar is not None:
            self._bar.close()
        elif self.done != self._first:
            self._write()

    def update(self, units: int = 1) -> None:
        """Add to the units that are done.

        units (int): Units done since the last call; 0 only shows a new title or note.
        """
        self.done += units
        if units:
            self._step = ""
        self._show(units)

    def show_step(self, note: str) -> None:
        """note (str): How far the present unit of the work is; shown until it is done."""
        self._step = note
        self._show(0)

    def _show(self, units: int) -> None:
        if self._bar is not None:
            self._draw(units)
        elif self._clock() - self._written >= SECONDS:
            self._write()

    def _draw(self, units: int) -> None:
        self._bar.total = self.total
        self._bar.set_description(self.title, refresh=False)
        self._bar.set_postfix_str(self._notes(), refresh=False)
        self._bar.update(units)
        if not units:
            self._bar.refresh()

    def _notes(self) -> str:
        return ", ".join(filter(None, (self.note, self._step)))

    def _write(self) -> None:
        self._written = self._clock()
        seconds = self._written - self._start
        total = "" if self.total is None else f"/{self.total}"
        left = ""
        if self.total is not None and self.total > self.done > self._first:
            rest = (self.total - self.done) * seconds / (self.done - self._first)
            left = f", {_minutes(rest)} left"
        note = f", {notes}" if (notes := self._notes()) else ""
        line = f"{self.title}: {self.done}{total} {self.unit} in {_minutes(seconds)}{left}{note}"
        if line != self._line:  # The last unit may have had its line already.
            print(line, file=self._stream, flush=True)
        self._line = line


def track(
    items: Iterable[T],
    title: str,
    total: int | None = None,
    *,
    unit: str = "documents",
    stream: TextIO | None = None,
) -> Iterator[T]:
    """Show the progress of a loop.

    items (Iterable): What the loop goes over.
    title (str): What is being done.
    total (int | None): How many items there are; None to ask the items for their length.
    unit (str): Name of the items.
    stream (TextIO | None): The stream to write to; None for stderr.
    YIELDS (Any): The items. One counts as done when the next is asked for.
    """
    if total is None and isinstance(items, Sized):
        total = len(items)
    with Progress(title, total, unit=unit, stream=stream) as progress:
        for item in items:
            yield item
            progress.update()


def _minutes(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
