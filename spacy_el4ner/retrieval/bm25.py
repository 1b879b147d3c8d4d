"""Demonstrations that share rare words with the sentence, by Okapi BM25.

    BM25(S, C) = Σ_{t∈S} idf(t) · f(t, C) / (f(t, C) + k1 · (1 − b + b · |C| / L))
    idf(t) = ln(1 + (N − n(t) + ½) / (n(t) + ½))

S are the tokens of the input and C those of one of the N pool sentences, n(t) of which have the token
t; f(t, C) counts t in C, and L is the mean length of the sentences. It is the formula of Robertson and
Zaragoza (2009) as Lucene computes it, with an inverse document frequency that is never negative. The
tokens are those of the pipeline, in lower case.
"""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from spacy_el4ner.errors import EL4NERImportError, Errors
from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query
from spacy_el4ner.retrieval.checks import check_range
from spacy_el4ner.retrieval.encoders import Vectors
from spacy_el4ner.retrieval.sentence_similarity import best
from spacy_el4ner.retrieval.unindexed import UnindexedRetriever


class BM25(UnindexedRetriever):
    """Finds sentences by their words, without a model. Needs the extra `bm25`.

    k1 (float): How much a word counts for that occurs again, at least 0.
    b (float): How much longer sentences are put at a disadvantage, 0 to 1.
    """

    def __init__(self, k1: float = 1.5, b: float = 0.75):
        super().__init__()
        check_range(self, 0, math.inf, k1=k1)
        check_range(self, 0, 1, b=b)
        self.k1, self.b = k1, b
        self.scorer: Any = None

    def index(self, pool: Sequence[PoolEntry]) -> None:
        """pool (Sequence[PoolEntry]): The pool, which replaces any earlier one.
        RAISES (ImportError): EL362, bm25s is not installed.
        """
        try:
            import bm25s
        except ImportError as error:
            raise EL4NERImportError(Errors.EL362) from error
        super().index(pool)
        words = [_folded(entry.demonstration.window.words) for entry in self.pool]
        self.scorer = None
        if any(words):  # bm25s cannot index an empty vocabulary
            self.scorer = bm25s.BM25(k1=self.k1, b=self.b, method="lucene")
            self.scorer.index(words, show_progress=False)

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """queries (Sequence[Query]): The texts that need demonstrations.
        k (int): Maximum number of hits for each query.
        RETURNS (list[list[Hit]]): The entries with the highest scores, the highest first; among equals,
            the first in the pool.
        """
        return [best(self.pool, self.scores(query.words), query, k) for query in queries]

    def scores(self, words: Sequence[str]) -> Vectors:
        """words (Sequence[str]): The tokens of a sentence.
        RETURNS (ndarray): The score of each pool entry, (pool,); 0 for one without any of the words.
        """
        known = self.scorer.get_tokens_ids(_folded(words)) if self.scorer else []
        if not known:
            return np.zeros(len(self.pool), dtype=np.float32)
        scores: Vectors = self.scorer.get_scores_from_ids(known)
        return scores


def _folded(words: Sequence[str]) -> list[str]:
    return [word.casefold() for word in words]
