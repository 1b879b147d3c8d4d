"""Fixed demonstrations: the same for every sentence, as in a usual few-shot prompt."""

import random
from collections.abc import Sequence

from spacy_el4ner.retrieval.base import Hit, PoolEntry, Query
from spacy_el4ner.retrieval.unindexed import UnindexedRetriever


class FixedDemonstrations(UnindexedRetriever):
    """Shows the same sentences of the pool every time, chosen to have as many labels as possible.

    seed (int): Seed of the choice between sentences that add equally many labels.
    """

    def __init__(self, seed: int = 0):
        super().__init__()
        self.seed = seed

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """queries (Sequence[Query]): The texts that need demonstrations.
        k (int): Maximum number of hits for each query.
        RETURNS (list[list[Hit]]): The same entries for each query, with similarity 0.
        """
        most = max((len(query.exclude) for query in queries), default=0)
        ordered = self._choose(k + most) if k > 0 else []
        return [
            [Hit(e.demonstration, 0.0) for e in ordered if e.demonstration.id not in query.exclude][:k]
            for query in queries
        ]

    def _choose(self, n: int) -> list[PoolEntry]:
        """Choose `n` entries of the pool, each with the most labels that the earlier ones lack."""
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
