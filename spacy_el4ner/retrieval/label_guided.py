"""Demonstrations that share with the sentence the words that matter for entities.

This is the label-guided retrieval of DEER (arXiv 2505.23722), without its second part, the correction
of answers. A word t of the pool has a weight, from the shares of its occurrences that are inside of
entities, in their context, and elsewhere:

    W(t) = w_entity · P(entity | t) + w_context · P(context | t) + w_other · P(other | t)

An input S and a pool sentence C are compared by the words that they have in common, each counted once,
and by the vectors of all their words, averaged by weight:

    Sim(S, C) = λ₁ · Σ_{t∈S∩C} W(t) + λ₂ · cos(Σ_{t∈S} W(t) v(t), Σ_{t∈C} W(t) v(t))

v(t) is the vector of the word on its own. As in the authors' code, from which the defaults are, a word
that the pool lacks has the weight 1 in the average, and stop words are left out of the sum. Ours are
the encoder, spaCy's stop words in place of NLTK's, capitalized ones too, and the plain mean where all
weights are 0.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from spacy.util import get_lang_class

from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query
from spacy_el4ner.retrieval.checks import check_index, check_range, keep_up
from spacy_el4ner.retrieval.encoders import Encoder, SentenceTransformerEncoder, Vectors
from spacy_el4ner.retrieval.sentence_similarity import best
from spacy_el4ner.retrieval.token_shares import token_shares

UNSEEN = 1.0
"""Weight of a word that the pool lacks."""


class LabelGuided:
    """Compares sentences by their words, weighted by where the pool has its entities. Where the encoder
    has become another one since the pool was indexed, as a tagger's vectors do when it is trained, the
    pool is indexed again.

    encoder (Encoder): Embeds single words.
    entity_weight (float): w_entity, at least 0, as are the following.
    context_weight (float): w_context.
    other_weight (float): w_other.
    distance (int): How many tokens before and after an entity are its context.
    match_weight (float): λ₁, the weight of common words.
    vector_weight (float): λ₂, the weight of the cosine.
    stop_words (str | None): Code of the language whose stop words do not count as common words; None
        for no such words.
    """

    needs_spans = False

    def __init__(
        self,
        encoder: Encoder | None = None,
        entity_weight: float = 1.0,
        context_weight: float = 1.0,
        other_weight: float = 0.01,
        distance: int = 2,
        match_weight: float = 1.0,
        vector_weight: float = 1.0,
        stop_words: str | None = "en",
    ):
        check_range(
            self,
            0,
            math.inf,
            entity_weight=entity_weight,
            context_weight=context_weight,
            other_weight=other_weight,
            distance=distance,
            match_weight=match_weight,
            vector_weight=vector_weight,
        )
        self.encoder = encoder or SentenceTransformerEncoder()
        self.role_weights = entity_weight, context_weight, other_weight
        self.distance = distance
        self.match_weight, self.vector_weight = match_weight, vector_weight
        self.stop_words = get_lang_class(stop_words).Defaults.stop_words if stop_words else set()
        self.pool: list[PoolEntry] = []
        self.indexed_by = ""

    def index(self, pool: Sequence[PoolEntry]) -> None:
        """pool (Sequence[PoolEntry]): The pool, which replaces the one before."""
        self._count(pool)
        self._take(self.encoder.encode(list(self.weights)), self.encoder.name)

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """queries (Sequence[Query]): What demonstrations are wanted for.
        k (int): Hits for each query, at most.
        RETURNS (list[list[Hit]]): The most similar entries of each query, most similar first; among
            equals, the first in the pool.
        """
        if not self.pool or not queries:
            return [[] for _ in queries]
        keep_up(self)
        vectors = {**self.by_word, **self._unseen(queries)}
        hits = []
        for query in queries:
            cosines = self.sentences @ self._mean(query.words, vectors)
            similar = self.match_weight * self.matches(query.words) + self.vector_weight * cosines
            hits.append(best(self.pool, similar, query, k))
        return hits

    def matches(self, words: Sequence[str]) -> Vectors:
        """words (Sequence[str]): The tokens of a sentence.
        RETURNS (ndarray): Summed weight of the words that each pool entry has in common with it,
            (pool,).
        """
        matches = np.zeros(len(self.pool), dtype=np.float32)
        for word in dict.fromkeys(words):
            if word in self.places and word.lower() not in self.stop_words:
                matches[self.places[word]] += self.weights[word]
        return matches

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The encoder's name, and the vectors of the pool's words."""
        keep_up(self)
        return {"encoder": self.indexed_by, "words": self.vectors}

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        """data (dict[str, Any]): The result of `to_dict`.
        pool (Sequence[PoolEntry]): The pool that was indexed.
        RAISES (ValueError): The index is incomplete, or another encoder made it.
        """
        check_index(data, self, "words")
        self._count(pool)
        self._take(data["words"], data["encoder"])

    def _count(self, pool: Sequence[PoolEntry]) -> None:
        """The weight of each word of the pool, and the entries that have it."""
        self.pool = list(pool)
        shares = token_shares((entry.demonstration for entry in self.pool), self.distance)
        self.weights = {
            word: sum(w * share for w, share in zip(self.role_weights, each, strict=True))
            for word, each in shares.items()
        }
        places: dict[str, list[int]] = {word: [] for word in self.weights}
        for n, entry in enumerate(self.pool):
            for word in dict.fromkeys(entry.demonstration.window.words):
                places[word].append(n)
        self.places = {word: np.array(rows) for word, rows in places.items()}

    def _take(self, vectors: Vectors, encoder: str) -> None:
        """Take the vectors of the pool's words, and average those of each sentence."""
        self.vectors, self.indexed_by = vectors, encoder
        self.by_word = dict(zip(self.weights, vectors, strict=True))
        words = [entry.demonstration.window.words for entry in self.pool]
        self.sentences = np.array([self._mean(each, self.by_word) for each in words])

    def _unseen(self, queries: Sequence[Query]) -> dict[str, Vectors]:
        """The vectors of words that the pool lacks."""
        if not self.weights:
            return {}  # then all cosines are 0
        words = dict.fromkeys(w for query in queries for w in query.words if w not in self.weights)
        return dict(zip(words, self.encoder.encode(list(words)), strict=True))

    def _mean(self, words: Sequence[str], vectors: Mapping[str, Vectors]) -> Vectors:
        """The weighted mean of the vectors of words, of length 1; zeros where there are none."""
        known = [word for word in words if word in vectors]
        mean = np.zeros(self.vectors.shape[1], dtype=np.float32)
        if known:
            weights = np.array([self.weights.get(w, UNSEEN) for w in known], dtype=np.float32)
            rows = np.array([vectors[word] for word in known])
            mean = (weights if weights.any() else np.ones_like(weights)) @ rows
        return mean / (np.linalg.norm(mean) or 1.0)
