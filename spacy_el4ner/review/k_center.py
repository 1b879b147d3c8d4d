"""Greedy k-center selection: the items whose texts matter most and are unlike those chosen before."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.retrieval.encoders import Encoder

Weighted = tuple[str, float]
"""A text, and how much it matters, 0 to 1."""


class Uncovered:
    """How far each of some texts is from the nearest one that has been covered, 0 to 1.

    texts (Sequence[str]): The texts, each once.
    encoder (Encoder | None): Embeds the texts, whose distance is one minus their cosine; None for a
        distance of 1 between any two.
    """

    def __init__(self, texts: Sequence[str], encoder: Encoder | None):
        self.vectors = None if encoder is None else encoder.encode(texts)
        self.distances: NDArray[np.float64] = np.ones(len(texts))

    def cover(self, texts: NDArray[np.int64]) -> None:
        """texts (ndarray): Indices of texts, (covered,)."""
        if self.vectors is not None:
            nearest = (self.vectors @ self.vectors[texts].T).max(axis=1)
            self.distances = np.minimum(self.distances, np.clip(1 - nearest, 0, 1))
        self.distances[texts] = 0  # Not almost 0, as the cosine of a vector with itself has it.


def k_center(
    items: Sequence[Sequence[Weighted]], limit: int, encoder: Encoder | None = None
) -> list[int]:
    """Choose items one by one. The next is the one that gains most: the greatest product, over its
    texts, of the weight and the distance to the nearest text of the items chosen before (Sener and
    Savarese 2018; the weight is ours). When no item gains anything, nothing counts as chosen before.

    items (Sequence[Sequence[tuple[str, float]]]): The texts of each item, at least one, with their
        weights. Texts that differ only in case or white space are the same.
    limit (int): How many items to choose at most; 0 for all.
    encoder (Encoder | None): Embeds the texts; None to choose by which of them are the same.
    RETURNS (list[int]): Indices of the items, in order; of those that gain the same, the first.
    """
    names: dict[str, str] = {}
    for text, _ in (weighted for item in items for weighted in item):
        names.setdefault(_key(text), text)
    rows = {key: row for row, key in enumerate(names)}
    texts = np.array([rows[_key(text)] for item in items for text, _ in item], dtype=np.int64)
    weights = np.array([weight for item in items for _, weight in item])
    starts = np.cumsum([0, *map(len, items)])
    uncovered = Uncovered(list(names.values()), encoder)
    left = np.ones(len(items), dtype=bool)
    chosen: list[int] = []
    while left.any() and not 0 < limit <= len(chosen):
        gains = np.maximum.reduceat(weights * uncovered.distances[texts], starts[:-1])
        if not gains[left].any():
            uncovered.distances[:] = 1
            gains = np.maximum.reduceat(weights, starts[:-1])
        best = int(np.where(left, gains, -1).argmax())
        uncovered.cover(texts[starts[best] : starts[best + 1]])
        left[best] = False
        chosen.append(best)
    return chosen


def _key(text: str) -> str:
    """What texts that are the same have in common."""
    return " ".join(text.split()).casefold()
