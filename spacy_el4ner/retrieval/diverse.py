"""Demonstrations that are similar to the sentence, yet differ from each other.

They are chosen one after the other by maximal marginal relevance (Carbonell and Goldstein 1998): of the
pool sentences C that are not chosen yet, the one with the greatest

    λ · cos(S, C) − (1 − λ) · max_{D chosen} cos(D, C)

where S is the input. The first is the most similar one. That all labels are shown is our addition.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query
from spacy_el4ner.retrieval.checks import check_range, keep_up
from spacy_el4ner.retrieval.encoders import Encoder, Vectors
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity


class Diverse(SentenceSimilarity):
    """Maximal marginal relevance over the cosines of sentence embeddings. Its index is that of
    SentenceSimilarity.

    encoder (Encoder): Embeds the sentences.
    relevance (float): λ, 0 to 1: how much similarity to the input counts for, rather than difference
        from the sentences chosen before. With 1, only similarity counts.
    every_label (bool): Whether each label of the pool is shown, if there are at least as many
        demonstrations as labels. Once as many places are left as labels are missing, only sentences
        with such a label are chosen.
    """

    def __init__(
        self, encoder: Encoder | None = None, relevance: float = 0.7, every_label: bool = True
    ):
        super().__init__(encoder)
        check_range(self, 0, 1, relevance=relevance)
        self.relevance = relevance
        self.every_label = every_label
        self._layout()

    def index(self, pool: Sequence[PoolEntry]) -> None:
        """pool (Sequence[PoolEntry]): The pool, which replaces the one before."""
        super().index(pool)
        self._layout()

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """queries (Sequence[Query]): What demonstrations are wanted for.
        k (int): Hits for each query, at most.
        RETURNS (list[list[Hit]]): The chosen entries of each query, most similar first; among equals,
            the first in the pool.
        """
        if not self.pool or not queries:
            return [[] for _ in queries]
        keep_up(self)
        rows = self.similarities([query.text for query in queries])
        hits = []
        for query, row in zip(queries, rows, strict=True):
            chosen = sorted(self.choose(row, query, k), key=lambda n: (-row[n], n))
            hits.append([Hit(self.pool[n].demonstration, float(row[n])) for n in chosen])
        return hits

    def choose(self, similarities: Vectors, query: Query, k: int) -> list[int]:
        """similarities (ndarray): Similarity of each pool entry to the query, (pool,).
        query (Query): The query, whose own sentences are excluded.
        k (int): Entries to choose, at most.
        RETURNS (list[int]): Places in the pool, in the order of the choice.
        """
        free = np.array([entry.demonstration.id not in query.exclude for entry in self.pool])
        missing = self.shows[free].any(axis=0)
        covers = self.every_label and k >= missing.sum()
        chosen: list[int] = []
        gains = similarities
        nearest = np.full_like(similarities, -np.inf)
        for places in range(min(k, int(free.sum())), 0, -1):
            only = covers and places <= missing.sum()
            allowed = free & self.shows[:, missing].any(axis=1) if only else free
            n = int(np.argmax(np.where(allowed, gains, -np.inf)))
            chosen.append(n)
            free[n] = False
            missing &= ~self.shows[n]
            nearest = np.maximum(nearest, self.vectors @ self.vectors[n])
            gains = self.relevance * similarities - (1 - self.relevance) * nearest
        return chosen

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        """data (dict[str, Any]): The result of `to_dict`.
        pool (Sequence[PoolEntry]): The pool that was indexed.
        RAISES (ValueError): The index is incomplete, or another encoder made it.
        """
        super().from_dict(data, pool)
        self._layout()

    def _layout(self) -> None:
        """Which entries show which labels, (pool, labels)."""
        shown = [{m.label for m in entry.demonstration.mentions} for entry in self.pool]
        labels = sorted(set().union(*shown))
        self.shows = np.array([[label in one for label in labels] for one in shown], dtype=bool)
        self.shows = self.shows.reshape(len(self.pool), len(labels))
