"""The division of held-out data for cross-validation."""

import random
from collections.abc import Sequence

Fold = tuple[tuple[int, ...], tuple[int, ...]]
"""Indices of the items to fit to, and of those to judge on."""


def make_folds(groups: Sequence[int], parts: int, seed: int) -> list[Fold]:
    """groups (Sequence[int]): The group of each item; a group is never divided.
    parts (int): How many folds; fewer where there are fewer groups.
    seed (int): Seed of the random division.
    RETURNS (list[Fold]): Every item is judged on in exactly one fold.
    """
    names = sorted(set(groups))
    random.Random(seed).shuffle(names)
    members = [set(names[n::parts]) for n in range(min(parts, len(names)))]
    return [
        (
            tuple(n for n, group in enumerate(groups) if group not in part),
            tuple(n for n, group in enumerate(groups) if group in part),
        )
        for part in members
    ]
