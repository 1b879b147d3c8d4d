"""A toy encoder, and pools of short sentences."""

import zlib

import hypothesis.strategies as st
import numpy as np

from spacy_el4ner.retrieval.base import PoolEntry, Query
from tests.strategies import make_shot, make_window

WORDS = ("Ann", "Oslo", "Acme", "met", "left", "the", "。", "2")
LABELS = ("GPE", "ORG", "PERSON")


class Axes:
    """The vector of a text is one of eight axes, either way: cosines are exact, and often equal."""

    def __init__(self, name="axes"):
        self.name = name

    def encode(self, texts):
        vectors = np.zeros((len(texts), 8), dtype=np.float32)
        for n, text in enumerate(texts):
            number = zlib.crc32(text.encode())
            vectors[n, number % 8] = 1 if number & 8 else -1
        return vectors


def entry(text, *mentions, id=None):
    """An entry of the pool whose tokens are set off by spaces, and its mentions (word, label)."""
    words = text.split()
    window = make_window(*words)
    marks = [(*window.tokens[words.index(word)], label) for word, label in mentions]
    return PoolEntry(make_shot(window, *marks, id=id or text))


def query(text, *exclude):
    return Query(text, (), frozenset(exclude), tuple(text.split()))


def found(retriever, text, k, *exclude):
    """The ids of the sentences that are found."""
    (hits,) = retriever.retrieve([query(text, *exclude)], k)
    return [hit.demonstration.id for hit in hits]


texts = st.lists(st.sampled_from(WORDS), max_size=5).map(" ".join)


@st.composite
def pools(draw):
    """Sentences of few words, some of them alike, some of them empty."""
    entries = []
    for n, text in enumerate(draw(st.lists(texts, max_size=8))):
        names = sorted({*text.split()} & {"Ann", "Oslo", "Acme"})
        mentions = [(name, draw(st.sampled_from(LABELS))) for name in names]
        entries.append(entry(text, *mentions, id=f"s{n}"))
    return entries


@st.composite
def queries(draw, pool):
    ids = st.sampled_from([e.demonstration.id for e in pool]) if pool else st.nothing()
    return query(draw(texts), *draw(st.sets(ids)))
