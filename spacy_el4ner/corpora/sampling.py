"""A random part of a corpus, limited by its number of sentences."""

import random
from collections.abc import Sequence

from spacy.tokens import Doc

from spacy_el4ner.text import windows


def sample_by_sentences(docs: Sequence[Doc], limit: int, seed: int) -> tuple[list[Doc], int]:
    """docs (Sequence[Doc]): The documents of a split.
    limit (int): Sentences to draw, about; 0 for all. Fewer are drawn where they are longer than usual,
        so that a limit means the same time for every corpus.
    seed (int): Seed of the random choice of documents.
    RETURNS (tuple[list[Doc], int]): The drawn documents in their original order, and the number of
        their sentences.
    """
    sizes = [len(windows.cut(doc, 1)) for doc in docs]
    room = limit * windows.WORDS
    if not limit or (sum(sizes) <= limit and sum(map(len, docs)) <= room):
        return list(docs), sum(sizes)
    order = list(range(len(docs)))
    random.Random(seed).shuffle(order)
    chosen: list[int] = []
    total = words = 0
    for n in order:
        if total >= limit or words >= room:
            break
        chosen.append(n)
        total += sizes[n]
        words += len(docs[n])
    return [docs[n] for n in sorted(chosen)], total
