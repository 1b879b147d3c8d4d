"""Demonstrations by similarity of whole sentences: the usual way, for comparison and as fallback."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query
from spacy_el4ner.retrieval.checks import check_index, keep_up
from spacy_el4ner.retrieval.encoders import Encoder, SentenceTransformerEncoder, Vectors


class SentenceSimilarity:
    """Cosine of sentence embeddings. Where the encoder has become another one since the pool was
    indexed, it is indexed again.

    encoder (Encoder): Embeds the sentences.
    min_similarity (float | None): Less similar ones are not found; None for the k most similar always.
    """

    needs_spans = False

    def __init__(self, encoder: Encoder | None = None, min_similarity: float | None = None):
        self.encoder = encoder or SentenceTransformerEncoder()
        self.min_similarity = min_similarity
        self.pool: list[PoolEntry] = []
        self.vectors: Vectors = np.zeros((0, 1), dtype=np.float32)
        self.indexed_by = ""

    def index(self, pool: Sequence[PoolEntry]) -> None:
        """pool (Sequence[PoolEntry]): The pool, which replaces the one before."""
        self.pool = list(pool)
        self.vectors = self.encoder.encode([e.demonstration.window.text for e in self.pool])
        self.indexed_by = self.encoder.name

    def similarities(self, texts: Sequence[str]) -> Vectors:
        """texts (Sequence[str]): Sentences.
        RETURNS (ndarray): Cosines, (texts, pool).
        """
        return self.encoder.encode(texts) @ self.vectors.T

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """queries (Sequence[Query]): What demonstrations are wanted for.
        k (int): Hits for each query, at most.
        RETURNS (list[list[Hit]]): The most similar entries of each query, most similar first.
        """
        if not self.pool or not queries:
            return [[] for _ in queries]
        keep_up(self)
        rows = self.similarities([q.text for q in queries])
        least = self.min_similarity
        return [best(self.pool, row, q, k, least) for q, row in zip(queries, rows, strict=True)]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The encoder's name, and the vectors of the sentences."""
        keep_up(self)
        return {"encoder": self.indexed_by, "vectors": self.vectors}

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        """data (dict[str, Any]): The result of `to_dict`.
        pool (Sequence[PoolEntry]): The pool that was indexed.
        RAISES (ValueError): The index is incomplete, or another encoder made it.
        """
        check_index(data, self, "vectors")
        self.pool = list(pool)
        self.vectors = data["vectors"]
        self.indexed_by = data["encoder"]


def best(
    pool: Sequence[PoolEntry],
    similarities: Vectors,
    query: Query,
    k: int,
    least: float | None = None,
) -> list[Hit]:
    """pool (Sequence[PoolEntry]): The pool.
    similarities (ndarray): Similarity of each of its entries to the query, (pool,).
    query (Query): The query, whose own sentences are excluded.
    k (int): Hits, at most.
    least (float | None): The lowest similarity of a hit; None for any.
    RETURNS (list[Hit]): The most similar entries; among equals, the first in the pool.
    """
    hits: list[Hit] = []
    for n in np.argsort(-similarities, kind="stable"):
        if len(hits) >= k or (least is not None and similarities[n] < least):
            break
        demonstration = pool[n].demonstration
        if demonstration.id not in query.exclude:
            hits.append(Hit(demonstration, float(similarities[n])))
    return hits
