"""Demonstrations by span-level similarity (EL4NER, arXiv 2505.23038, stage 1).

    SpanSim(S, C) = Σ_{s∈S} w(s) · max_{c∈C} cos(s, c)  /  Σ_{s∈S} w(s)

S are the spans of the input and C those of a pool sentence, both pre-extracted without types by the
ensemble. It is asymmetric: every span of the input looks for its best match, and only the input's
spans have weights. The encoder, and whole-sentence similarity where S is empty or weighs nothing, are
our choices.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query
from spacy_el4ner.retrieval.checks import check_index, keep_up
from spacy_el4ner.retrieval.encoders import Encoder, SentenceTransformerEncoder, Vectors
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity, best


class SpanSimilarity:
    """Exact weighted max-similarity over one matrix of span embeddings.

    encoder (Encoder): Embeds spans and sentences.
    min_similarity (float | None): Less similar ones are not found; None for the k most similar always.
        (Ours; a small model errs more with demonstrations that have little to do with the sentence.)
    natural_share (bool): Whether sentences without an entity have the same share in the demonstrations
        as in the pool. Without spans they are similar to nothing, and a small model that never sees
        one marks something in every sentence. They are chosen by whole-sentence similarity, instead of
        the least similar of the others. (Ours.)
    """

    needs_spans = True

    def __init__(
        self,
        encoder: Encoder | None = None,
        min_similarity: float | None = None,
        natural_share: bool = False,
    ):
        self.encoder = encoder or SentenceTransformerEncoder()
        self.min_similarity = min_similarity
        self.natural_share = natural_share
        self.sentences = SentenceSimilarity(self.encoder, min_similarity)
        self.vectors: Vectors = np.zeros((0, 1), dtype=np.float32)
        self._layout()

    @property
    def pool(self) -> list[PoolEntry]:
        """RETURNS (list[PoolEntry]): The indexed pool."""
        return self.sentences.pool

    @property
    def indexed_by(self) -> str:
        """RETURNS (str): Name of the encoder that indexed it."""
        return self.sentences.indexed_by

    def index(self, pool: Sequence[PoolEntry]) -> None:
        """pool (Sequence[PoolEntry]): The pool, which replaces the one before."""
        self.sentences.index(pool)
        self._layout()
        self.vectors = self.encoder.encode(self.surfaces)

    def similarities(self, spans: Sequence[tuple[str, float]], vectors: Vectors) -> Vectors:
        """spans (Sequence[tuple[str, float]]): Surface and weight of the input's spans, the weights
            not all 0.
        vectors (ndarray): The spans' embeddings, (spans, width).
        RETURNS (ndarray): SpanSim to each pool entry, (pool,); 0 for an entry without spans.
        """
        weights = np.array([weight for _, weight in spans], dtype=np.float32)
        similar = np.zeros(len(self.pool), dtype=np.float32)
        if len(self.members):
            cosines = vectors @ self.vectors.T
            maxima = np.maximum.reduceat(cosines[:, self.members], self.starts, axis=1)
            similar[self.owners] = weights @ maxima / weights.sum()
        return similar

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """queries (Sequence[Query]): What demonstrations are wanted for.
        k (int): Hits for each query, at most.
        RETURNS (list[list[Hit]]): The most similar entries of each query, most similar first; by whole
            sentences where a query has no spans, or only spans of weight 0.
        """
        hits: list[list[Hit]] = [[] for _ in queries]
        if not self.pool or k <= 0:
            return hits
        keep_up(self)
        by_spans = [n for n, q in enumerate(queries) if sum(w for _, w in q.spans) > 0]
        by_sentence = sorted(set(range(len(queries))) - set(by_spans))
        found = self.sentences.retrieve([queries[n] for n in by_sentence], k)
        for n, nearest in zip(by_sentence, found, strict=True):
            hits[n] = nearest
        surfaces = sorted({surface for n in by_spans for surface, _ in queries[n].spans})
        row = {surface: r for r, surface in enumerate(surfaces)}
        vectors = self.encoder.encode(surfaces)
        for n in by_spans:
            query = queries[n]
            mine = vectors[[row[surface] for surface, _ in query.spans]]
            similar = self.similarities(query.spans, mine)
            hits[n] = best(self.pool, similar, query, k, self.min_similarity)
        return self._with_blank(queries, hits, k) if self.natural_share else hits

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The index of sentences, and the vectors of the spans."""
        keep_up(self)
        return {**self.sentences.to_dict(), "spans": self.vectors}

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        """data (dict[str, Any]): The result of `to_dict`.
        pool (Sequence[PoolEntry]): The pool that was indexed.
        RAISES (ValueError): The index is incomplete, or another encoder made it.
        """
        check_index(data, self, "vectors", "spans")
        self.sentences.from_dict(data, pool)
        self._layout()
        self.vectors = data["spans"]

    def _with_blank(
        self, queries: Sequence[Query], hits: Sequence[list[Hit]], k: int
    ) -> list[list[Hit]]:
        """The hits with as many sentences without an entity as `k` of the pool have on average."""
        blank = [n for n, entry in enumerate(self.pool) if not entry.demonstration.mentions]
        wanted = round(k * len(blank) / len(self.pool))
        if not wanted:
            return list(hits)
        pool = [self.pool[n] for n in blank]
        rows = self.sentences.similarities([query.text for query in queries])[:, blank]
        filled = []
        for query, own, row in zip(queries, hits, rows, strict=True):
            shown = [hit for hit in own if not hit.demonstration.mentions]
            ids = query.exclude | {hit.demonstration.id for hit in shown}
            unseen = replace(query, exclude=ids)
            more = best(pool, row, unseen, max(wanted - len(shown), 0), self.min_similarity)
            kept = [hit for hit in own if hit not in shown][: k - len(shown) - len(more)]
            filled.append([*(hit for hit in own if hit in shown or hit in kept), *more])
        return filled

    def _layout(self) -> None:
        """Every surface once, and for each entry with spans the rows of its surfaces."""
        self.surfaces = sorted({s for entry in self.pool for s in entry.spans})
        row = {surface: n for n, surface in enumerate(self.surfaces)}
        members: list[int] = []
        starts: list[int] = []
        owners: list[int] = []
        for n, entry in enumerate(self.pool):
            if entry.spans:
                owners.append(n)
                starts.append(len(members))
                members += [row[s] for s in entry.spans]
        self.members = np.array(members, dtype=np.int64)
        self.starts = np.array(starts, dtype=np.int64)
        self.owners = np.array(owners, dtype=np.int64)
