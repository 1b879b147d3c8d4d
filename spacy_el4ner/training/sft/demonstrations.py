"""Which sentences of the training split are shown with a sentence."""

from collections.abc import Callable, Sequence

from spacy_el4ner.retrieval.base import PoolEntry, Query, Retriever
from spacy_el4ner.types import Demonstration

Shots = Callable[[Sequence[Demonstration]], list[list[Demonstration]]]
"""Finds for each sentence its demonstrations, the most similar one first."""
QUERIES = 512
"""Sentences whose similarities to all others are held at a time."""


def finder(pool: Sequence[Demonstration], k: int, retriever: Retriever) -> Shots:
    """pool (Sequence[Demonstration]): The training split.
    k (int): How many are shown.
    retriever (Retriever): Chooses them.
    RETURNS (Shots): What it chooses, never a sentence with the text of the sentence itself: a corpus
        repeats itself, and a demonstration that holds the answer teaches nothing.
    """
    ids: dict[str, set[str]] = {}
    for shot in pool:
        ids.setdefault(shot.window.text, set()).add(shot.id)
    if k:
        retriever.index([PoolEntry(shot) for shot in pool])

    def find(sentences: Sequence[Demonstration]) -> list[list[Demonstration]]:
        found: list[list[Demonstration]] = []
        for at in range(0, len(sentences), QUERIES):
            texts = [s.window.text for s in sentences[at : at + QUERIES]]
            queries = [Query(text, (), frozenset(ids.get(text, ()))) for text in texts]
            hits = retriever.retrieve(queries, k) if k else [[] for _ in texts]
            found += [[hit.demonstration for hit in row] for row in hits]
        return found

    return find
