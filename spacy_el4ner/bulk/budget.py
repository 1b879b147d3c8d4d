"""A budget of time, after which no shard is begun."""

from collections.abc import Iterable, Iterator

from spacy_el4ner import progress


def within(minutes: float, numbers: Iterable[int]) -> Iterator[int]:
    """minutes (float): Minutes from the first shard on.
    numbers (Iterable[int]): Shards.
    YIELDS (int): Those that are asked for in time. An engine finishes the ones that it has begun.
    """
    end = progress.now() + 60 * minutes
    for number in numbers:
        if progress.now() >= end:
            return
        yield number
