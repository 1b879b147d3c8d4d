"""The demonstrations of training prompts, chosen from the training split."""

from collections.abc import Callable, Sequence

from spacy_el4ner.retrieval.base import PoolEntry, Query, Retriever
from spacy_el4ner.types import Demonstration

FindDemonstrations = Callable[[Sequence[Demonstration]], list[list[Demonstration]]]
"""Returns the demonstrations of each sentence, the most similar one first."""
QUERIES = 512
"""Number of sentences whose similarities to all others are held in memory at a time."""


def demonstration_finder(
    pool: Sequence[Demonstration], k: int, retriever: Retriever
) -> FindDemonstrations:
    """pool (Sequence[Demonstration]): The training split.
    k (int): Demonstrations per sentence.
    retriever (Retriever): Chooses them.
    RETURNS (FindDemonstrations): Finds demonstrations, never one with the text of the sentence itself:
        corpora repeat sentences, and a demonstration that holds the answer teaches nothing.
    """
    ids: dict[str, set[str]] = {}
    for demonstration in pool:
        ids.setdefault(demonstration.window.text, set()).add(demonstration.id)
    if k:
        retriever.index([PoolEntry(demonstration) for demonstration in pool])

    def find(sentences: Sequence[Demonstration]) -> list[list[Demonstration]]:
        demonstrations: list[list[Demonstration]] = []
        for start in range(0, len(sentences), QUERIES):
            asked = [s.window for s in sentences[start : start + QUERIES]]
            queries = [Query(w.text, (), frozenset(ids.get(w.text, ())), w.words) for w in asked]
            hits = retriever.retrieve(queries, k) if k else [[] for _ in queries]
            demonstrations += [[hit.demonstration for hit in row] for row in hits]
        return demonstrations

    return find
