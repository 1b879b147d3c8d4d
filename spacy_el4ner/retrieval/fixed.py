"""Fixed demonstrations: the same for every sentence, the usual few-shot prompt."""

import random
from collections.abc import Sequence
from typing import Any

from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query


class FixedDemonstrations:
    """Shows the same sentences of the pool always, which together have as many types as may be.

    seed (int): Decides between sentences that add as many types.
    """

    needs_spans = False

    def __init__(self, seed: int = 0):
        self.seed = seed
        self.pool: list[PoolEntry] = []

    def index(self, pool: Sequence[PoolEntry]) -> None:
        self.pool = list(pool)

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        most = max((len(query.exclude) for query in queries), default=0)
        ordered = self._choose(k + most) if k > 0 else []
        return [
            [Hit(e.demonstration, 0.0) for e in ordered if e.demonstration.id not in query.exclude][:k]
            for query in queries
        ]

    def to_dict(self) -> dict[str, Any]:
        return {}

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        self.index(pool)

    def _choose(self, n: int) -> list[PoolEntry]:
        """The first `n` of the pool, each adding the most types that those before it lack."""
        left = random.Random(self.seed).sample(self.pool, len(self.pool))
        chosen: list[PoolEntry] = []
        shown: set[str] = set()
        while left and len(chosen) < n:
            best = max(left, key=lambda entry: len(_labels(entry) - shown))
            left.remove(best)
            chosen.append(best)
            shown |= _labels(best)
        return chosen


def _labels(entry: PoolEntry) -> set[str]:
    return {mention.label for mention in entry.demonstration.mentions}
