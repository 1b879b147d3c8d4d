"""In which order lessons are learnt. It depends on the seed and the epoch alone, so that a run which
was interrupted goes on as if it had not been.
"""

import random
from collections.abc import Iterator, Sequence

SORTED = 16
"""Batches that are sorted by length together, so that little of them is padding."""


def batches(lengths: Sequence[int], size: int, seed: int, epoch: int) -> list[list[int]]:
    """lengths (Sequence[int]): Of the lessons.
    size (int): Lessons a batch.
    RETURNS (list[list[int]]): Every lesson once, in batches of like length, in a random order.
    """
    rng = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    rng.shuffle(order)
    found = []
    for at in range(0, len(order), size * SORTED):
        some = sorted(order[at : at + size * SORTED], key=lengths.__getitem__)
        found += [some[n : n + size] for n in range(0, len(some), size)]
    rng.shuffle(found)
    return found


def passes(batch: Sequence[int], lengths: Sequence[int], most: int) -> Iterator[list[int]]:
    """batch (Sequence[int]): Lessons of one batch.
    most (int): The most tokens a pass may read, padding included.
    YIELDS (list[int]): Lessons of one pass, one at least.
    """
    some: list[int] = []
    for n in sorted(batch, key=lengths.__getitem__):
        if some and (len(some) + 1) * lengths[n] > most:
            yield some
            some = []
        some.append(n)
    if some:
        yield some
