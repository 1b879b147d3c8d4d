"""Random demonstrations: the baseline for the other retrievers."""

import random
from collections.abc import Sequence

from spacy_el4ner.retrieval.base import Hit, Query
from spacy_el4ner.retrieval.unindexed import UnindexedRetriever


class RandomDemonstrations(UnindexedRetriever):
    """Draws sentences from the pool, the same ones for the same text.

    seed (int): Seed of the draws.
    """

    def __init__(self, seed: int = 0):
        super().__init__()
        self.seed = seed

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """queries (Sequence[Query]): The texts that need demonstrations.
        k (int): Maximum number of hits for each query.
        RETURNS (list[list[Hit]]): Random entries, drawn by seed and text, with similarity 0.
        """
        hits = []
        for query in queries:
            allowed = [e for e in self.pool if e.demonstration.id not in query.exclude]
            drawn = random.Random(f"{self.seed}|{query.text}").sample(
                allowed, max(0, min(k, len(allowed)))
            )
            hits.append([Hit(entry.demonstration, 0.0) for entry in drawn])
        return hits
