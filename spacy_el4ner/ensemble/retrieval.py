"""Stage 1: pre-extracted spans, and the demonstrations that are most similar by them."""

from collections.abc import Callable, Sequence

from spacy_el4ner.ensemble.tasks import Task
from spacy_el4ner.retrieval.base import PoolEntry, Query, Retriever
from spacy_el4ner.types import Demonstration, Window

Spans = Sequence[tuple[int, int]]
"""Offsets in a window."""


def pool_entries(pool: Sequence[Demonstration], spans: Sequence[Spans]) -> list[PoolEntry]:
    """pool (Sequence[Demonstration]): The labelled sentences.
    spans (Sequence[Spans]): For each, the spans that the ensemble extracts from it zero-shot.
    RETURNS (list[PoolEntry]): What a retriever indexes.
    """
    return [
        PoolEntry(one, tuple(dict.fromkeys(one.window.text[s:e] for s, e in extracted)))
        for one, extracted in zip(pool, spans, strict=True)
    ]


def retrieve(
    retriever: Retriever,
    windows: Sequence[Window],
    spans: Sequence[Spans],
    weight: Callable[[Window, int, int], float],
    k: int,
    own: Callable[[Window], frozenset[str]],
) -> list[Task]:
    """retriever (Retriever): Holds the pool.
    windows (Sequence[Window]): The inputs.
    spans (Sequence[Spans]): For each, the spans that the ensemble extracts from it zero-shot.
    weight (Callable[[Window, int, int], float]): w(s), the weight of a span of a window.
    k (int): Demonstrations wanted.
    own (Callable[[Window], frozenset[str]]): Ids of those that a window itself is.
    RETURNS (list[Task]): Each window with its demonstrations, the most similar first.
    """
    queries = [
        Query(
            window.text,
            tuple((window.text[s:e], weight(window, s, e)) for s, e in extracted),
            own(window),
            window.words,
        )
        for window, extracted in zip(windows, spans, strict=True)
    ]
    return [
        Task(window, tuple(h.demonstration for h in hits), tuple(h.similarity for h in hits))
        for window, hits in zip(windows, retriever.retrieve(queries, k), strict=True)
    ]
