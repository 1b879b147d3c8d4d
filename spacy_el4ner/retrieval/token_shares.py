"""How often each word of the pool is part of an entity, stands next to one, or neither.

These are the token statistics of DEER (arXiv 2505.23722), which calls the tokens up to a small distance
from an entity its context. They do not tell labels apart.
"""

from collections import Counter
from collections.abc import Iterable
from typing import NamedTuple

from spacy_el4ner.types import Demonstration


class Shares(NamedTuple):
    """Shares of the occurrences of a word, which add up to 1.

    entity (float): Inside an entity.
    context (float): Outside, but close to one.
    other (float): Elsewhere.
    """

    entity: float
    context: float
    other: float


def token_shares(sentences: Iterable[Demonstration], distance: int) -> dict[str, Shares]:
    """sentences (Iterable[Demonstration]): The labelled sentences.
    distance (int): How many tokens before and after an entity are its context.
    RETURNS (dict[str, Shares]): Word -> its shares, in the order of first occurrence.
    """
    totals: Counter[str] = Counter()
    entity: Counter[str] = Counter()
    close: Counter[str] = Counter()
    for sentence in sentences:
        words, inside = sentence.window.words, _inside(sentence)
        for n, word in enumerate(words):
            totals[word] += 1
            if inside[n]:
                entity[word] += 1
            elif any(inside[max(0, n - distance) : n + distance + 1]):
                close[word] += 1
    return {
        word: Shares(
            entity[word] / total, close[word] / total, (total - entity[word] - close[word]) / total
        )
        for word, total in totals.items()
    }


def _inside(sentence: Demonstration) -> list[bool]:
    """Whether each token is part of an entity."""
    return [
        any(m.start < end and start < m.end for m in sentence.mentions)
        for start, end in sentence.window.tokens
    ]
