"""A budget of minutes, divided among the measurements of tuning."""

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

T = TypeVar("T")
Show = Callable[[str, int, int], object]
"""Called with the name of the measurement, the number of sentences done and that of all sentences."""
BLOCK = 10
"""Sentences that are measured at a time: the granularity of the budget."""


def silent(title: str, done: int, total: int) -> None:
    """Show nothing.

    title (str): Name of the measurement.
    done (int): Number of sentences done.
    total (int): Number of all sentences.
    """


@dataclass
class Budget:
    """Time to spend on measuring.

    minutes (float): Length of the budget, in minutes.
    show (Callable[[str, int, int], object]): Shows progress.
    clock (Callable[[], float]): The current time in seconds.
    """

    minutes: float
    show: Show = silent
    clock: Callable[[], float] = time.monotonic
    start: float = field(init=False)

    def __post_init__(self) -> None:
        """Start the clock."""
        self.start = self.clock()

    @property
    def left(self) -> float:
        """RETURNS (float): Seconds left; negative once the budget is spent."""
        return self.start + 60 * self.minutes - self.clock()

    def blocks(self, items: Sequence[T], title: str, share: float) -> Iterator[Sequence[T]]:
        """Divide items into blocks, and stop when the time is up, but not before the first block.

        items (Sequence): The items to measure.
        title (str): Name of the measurement.
        share (float): Share of the remaining time to spend, 0 to 1.
        YIELDS (Sequence): The next items.
        """
        until = self.clock() + share * max(0.0, self.left)
        for start in range(0, len(items), BLOCK):
            if start and self.clock() >= until:
                return
            yield items[start : start + BLOCK]
            self.show(title, min(start + BLOCK, len(items)), len(items))
