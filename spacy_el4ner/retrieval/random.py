"""Demonstrations by chance: what the other retrievers are to be compared with."""

import random
from collections.abc import Sequence
from typing import Any

from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query


class RandomDemonstrations:
    """Draws from the pool, the same for the same text.

    seed (int): Another seed, another draw.
    """

    needs_spans = False

    def __init__(self, seed: int = 0):
        self.seed = seed
        self.pool: list[PoolEntry] = []

    def index(self, pool: Sequence[PoolEntry]) -> None:
        self.pool = list(pool)

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        hits = []
        for query in queries:
            allowed = [e for e in self.pool if e.demonstration.id not in query.exclude]
            drawn = random.Random(f"{self.seed}|{query.text}").sample(
                allowed, max(0, min(k, len(allowed)))
            )
            hits.append([Hit(entry.demonstration, 0.0) for entry in drawn])
        return hits

    def to_dict(self) -> dict[str, Any]:
        return {}

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        self.index(pool)
