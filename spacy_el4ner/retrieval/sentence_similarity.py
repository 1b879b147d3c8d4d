"""Demonstrations by similarity of whole sentences: the usual way, for comparison and as fallback."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from spacy_el4ner.errors import Errors
from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query
from spacy_el4ner.retrieval.encoders import Encoder, SentenceTransformerEncoder, Vectors


class SentenceSimilarity:
    """Cosine of sentence embeddings.

    encoder (Encoder): Embeds the sentences.
    """

    needs_spans = False

    def __init__(self, encoder: Encoder | None = None):
        self.encoder = encoder or SentenceTransformerEncoder()
        self.pool: list[PoolEntry] = []
        self.vectors: Vectors = np.zeros((0, 1), dtype=np.float32)

    def index(self, pool: Sequence[PoolEntry]) -> None:
        self.pool = list(pool)
        self.vectors = self.encoder.encode([e.demonstration.window.text for e in self.pool])

    def similarities(self, texts: Sequence[str]) -> Vectors:
        """RETURNS (ndarray): Cosines, (texts, pool)."""
        return self.encoder.encode(texts) @ self.vectors.T

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        if not self.pool or not queries:
            return [[] for _ in queries]
        rows = self.similarities([q.text for q in queries])
        return [best(self.pool, row, q, k) for q, row in zip(queries, rows, strict=True)]

    def to_dict(self) -> dict[str, Any]:
        return {"encoder": self.encoder.name, "vectors": self.vectors}

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        check_encoder(data, self.encoder)
        self.pool = list(pool)
        self.vectors = data["vectors"]


def best(pool: Sequence[PoolEntry], similarities: Vectors, query: Query, k: int) -> list[Hit]:
    """RETURNS (list[Hit]): The `k` most similar entries; of equals, the first in the pool."""
    found: list[Hit] = []
    for n in np.argsort(-similarities, kind="stable"):
        if len(found) >= k:
            break
        demonstration = pool[n].demonstration
        if demonstration.id not in query.exclude:
            found.append(Hit(demonstration, float(similarities[n])))
    return found


def check_encoder(data: dict[str, Any], encoder: Encoder) -> None:
    """RAISES (ValueError): The index was made by another encoder."""
    if data["encoder"] != encoder.name:
        raise ValueError(Errors.EL012.format(found=data["encoder"], expected=encoder.name))
