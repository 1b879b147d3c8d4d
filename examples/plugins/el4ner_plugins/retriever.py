"""Demonstrations that share the most words with the sentence."""

from collections.abc import Sequence
from typing import Any

from spacy_el4ner.api import Hit, PoolEntry, Query


class WordOverlap:
    """Retrieves demonstrations by the Jaccard index of their words and those of the sentence."""

    needs_spans = False  # True would have every voter extract spans for queries and pool

    def index(self, pool: Sequence[PoolEntry]) -> None:
        """Take a pool in place of the one before."""
        self.pool = list(pool)
        self.words = [_words(entry.demonstration.window.text) for entry in pool]

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """RETURNS (list[list[Hit]]): Up to `k` hits for each query, the most similar first."""
        return [self._nearest(query, k) for query in queries]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): What is saved besides the pool: nothing."""
        return {}

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        """Restore the index from what `to_dict` saved."""
        self.index(pool)

    def _nearest(self, query: Query, k: int) -> list[Hit]:
        asked = _words(query.text)
        hits = [
            Hit(entry.demonstration, len(asked & words) / len(asked | words))
            for entry, words in zip(self.pool, self.words, strict=True)
            if entry.demonstration.id not in query.exclude  # a sentence never finds itself
        ]
        return sorted(hits, key=lambda hit: -hit.similarity)[:k]


def _words(text: str) -> set[str]:
    return set(text.lower().split())
