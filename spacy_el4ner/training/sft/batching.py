"""The order in which examples are learnt, and their division into batches.

The order depends on the seed and the epoch alone, so that an interrupted run continues as if it had not
been interrupted.
"""

import random
from collections.abc import Iterator, Sequence

SORTED = 16
"""Number of batches that are sorted by length together, to keep padding short."""


def batches(lengths: Sequence[int], size: int, seed: int, epoch: int) -> list[list[int]]:
    """lengths (Sequence[int]): Length of each example, in tokens.
    size (int): Examples per batch.
    seed (int): Seed of the order.
    epoch (int): Number of the epoch, which changes the order.
    RETURNS (list[list[int]]): Indices of the examples, each once, in batches of similar length and in
        random order.
    """
    rng = random.Random(f"{seed}/{epoch}")
    order = list(range(len(lengths)))
    rng.shuffle(order)
    shuffled = []
    for start in range(0, len(order), size * SORTED):
        block = sorted(order[start : start + size * SORTED], key=lengths.__getitem__)
        shuffled += [block[n : n + size] for n in range(0, len(block), size)]
    rng.shuffle(shuffled)
    return shuffled


def micro_batches(batch: Sequence[int], lengths: Sequence[int], max_tokens: int) -> Iterator[list[int]]:
    """batch (Sequence[int]): Indices of the examples of one batch.
    lengths (Sequence[int]): Length of each example, in tokens.
    max_tokens (int): The most tokens of one forward pass, padding included.
    YIELDS (list[int]): Indices of the examples of one forward pass, at least one.
    """
    indices: list[int] = []
    for n in sorted(batch, key=lengths.__getitem__):
        if indices and (len(indices) + 1) * lengths[n] > max_tokens:
            yield indices
            indices = []
        indices.append(n)
    if indices:
        yield indices
