import numpy as np
import pytest

from spacy_el4ner.retrieval.base import PoolEntry, Query
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from spacy_el4ner.retrieval.span_similarity import SpanSimilarity
from tests.strategies import make_shot, make_window

VECTORS = {
    "right": (1.0, 0.0),
    "up": (0.0, 1.0),
    "left": (-1.0, 0.0),
    "slope": (0.6, 0.8),
    "flat": (0.8, 0.6),
}


class ToyEncoder:
    """Unit vectors by name; those of sentences are the ones of their first word."""

    def __init__(self, name="toy"):
        self.name = name

    def encode(self, texts):
        if not texts:
            return np.zeros((0, 1), dtype=np.float32)
        return np.array([VECTORS[text.split()[0]] for text in texts], dtype=np.float32)


def entry(id, *spans, text="left"):
    return PoolEntry(make_shot(make_window(*text.split()), id=id), spans)


def indexed(*pool, retriever=None):
    retriever = retriever or SpanSimilarity(ToyEncoder())
    retriever.index(pool)
    return retriever


def query(*spans, text="left", exclude=()):
    return Query(text, spans, frozenset(exclude))


def retrieved(retriever, asked, k=10):
    (hits,) = retriever.retrieve([asked], k)
    return {hit.demonstration.id: pytest.approx(hit.similarity) for hit in hits}


def order(retriever, asked, k=10):
    return list(retrieved(retriever, asked, k))


def test_the_similarity_of_a_worked_example():
    retriever = indexed(entry("one", "slope"), entry("two", "right", "slope"), entry("three", "left"))
    assert retrieved(retriever, query(("right", 4.0), ("up", 2.0))) == {
        "two": (4 * 1.0 + 2 * 0.8) / 6,
        "one": (4 * 0.6 + 2 * 0.8) / 6,
        "three": (4 * -1.0 + 2 * 0.0) / 6,
    }


def test_hits_come_most_similar_first():
    retriever = indexed(entry("far", "left"), entry("near", "flat"), entry("same", "right"))
    assert order(retriever, query(("right", 1.0))) == ["same", "near", "far"]


def test_every_span_of_the_input_looks_for_its_match_and_not_the_other_way_round():
    wide, narrow = indexed(entry("pool", "right", "up")), indexed(entry("pool", "right"))
    assert retrieved(wide, query(("right", 1.0))) == {"pool": 1.0}
    assert retrieved(narrow, query(("right", 1.0), ("up", 1.0))) == {"pool": 0.5}


def test_a_heavier_span_of_the_input_counts_for_more():
    retriever = indexed(entry("r", "right"), entry("u", "up"))
    assert order(retriever, query(("right", 2.0), ("up", 1.0))) == ["r", "u"]
    assert order(retriever, query(("right", 1.0), ("up", 2.0))) == ["u", "r"]


def test_a_span_of_weight_0_counts_for_nothing():
    retriever = indexed(entry("pool", "up"))
    assert retrieved(retriever, query(("right", 0.0), ("up", 1.0))) == {"pool": 1.0}


def test_a_span_that_a_pool_sentence_repeats_counts_once():
    asked = query(("right", 1.0), ("up", 3.0))
    once, often = indexed(entry("pool", "flat", "up")), indexed(entry("pool", "flat", "flat", "up"))
    assert retrieved(once, asked) == retrieved(often, asked) == {"pool": (0.8 + 3.0) / 4}


def test_a_pool_sentence_without_spans_has_similarity_0():
    retriever = indexed(entry("bare"), entry("far", "left"), entry("near", "flat"))
    found = retrieved(retriever, query(("right", 1.0)))
    assert found == {"near": 0.8, "bare": 0.0, "far": -1.0}
    assert list(found) == ["near", "bare", "far"]


def test_a_pool_without_any_spans_is_no_obstacle():
    retriever = indexed(entry("a"), entry("b"))
    assert retrieved(retriever, query(("right", 1.0))) == {"a": 0.0, "b": 0.0}


@pytest.mark.parametrize("spans", [(), (("up", 0.0),)])
def test_without_weighty_spans_whole_sentences_are_compared(spans):
    retriever = indexed(entry("u", "up", text="up there"), entry("f", "up", text="flat land"))
    assert retrieved(retriever, query(*spans, text="right here")) == {"f": 0.8, "u": 0.0}


def test_queries_with_and_without_spans_keep_their_places():
    retriever = indexed(entry("u", "up", text="right"), entry("r", "right", text="up"))
    asked = [query(("up", 1.0), text="up"), query(text="up"), query(("right", 1.0), text="right")]
    first = [hits[0].demonstration.id for hits in retriever.retrieve(asked, 1)]
    assert first == ["u", "r", "r"]


@pytest.mark.parametrize("kind", [SpanSimilarity, SentenceSimilarity])
class TestEveryRetriever:
    pool = (
        entry("a", "right", text="right"),
        entry("b", "flat", text="flat"),
        entry("c", "up", text="up"),
    )
    asked = query(("right", 1.0), text="right")

    def test_an_empty_pool_yields_nothing(self, kind):
        asked = [self.asked, query(text="up")]
        assert indexed(retriever=kind(ToyEncoder())).retrieve(asked, 3) == [[], []]
        assert kind(ToyEncoder()).retrieve(asked, 3) == [[], []]

    def test_no_queries_yield_nothing(self, kind):
        assert indexed(*self.pool, retriever=kind(ToyEncoder())).retrieve([], 3) == []

    @pytest.mark.parametrize(("k", "found"), [(0, ""), (2, "ab"), (3, "abc"), (9, "abc")])
    def test_there_are_no_more_hits_than_asked_for_and_in_the_pool(self, kind, k, found):
        retriever = indexed(*self.pool, retriever=kind(ToyEncoder()))
        assert order(retriever, self.asked, k) == list(found)

    def test_what_is_excluded_is_not_found_and_another_takes_its_place(self, kind):
        retriever = indexed(*self.pool, retriever=kind(ToyEncoder()))
        asked = query(("right", 1.0), text="right", exclude=["a"])
        assert order(retriever, asked, 2) == ["b", "c"]

    def test_of_equals_the_first_in_the_pool_comes_first(self, kind):
        words = ["flat", "up"] * 20
        pool = [entry(f"{word} {n}", word, text=word) for n, word in enumerate(words)]
        retriever = indexed(*pool, retriever=kind(ToyEncoder()))
        expected = [f"flat {n}" for n in range(0, 40, 2)] + [f"up {n}" for n in range(1, 40, 2)]
        assert order(retriever, self.asked, 40) == expected

    def test_another_pool_takes_the_place_of_the_one_before(self, kind):
        retriever = indexed(*self.pool, retriever=kind(ToyEncoder()))
        retriever.index([entry("d", "up", text="up")])
        assert order(retriever, self.asked) == ["d"]

    def test_an_index_written_and_read_finds_the_same(self, kind):
        written = indexed(*self.pool, entry("bare"), retriever=kind(ToyEncoder()))
        read = kind(ToyEncoder())
        read.from_dict(written.to_dict(), written.pool)
        for asked in (self.asked, query(text="up")):
            assert read.retrieve([asked], 4) == written.retrieve([asked], 4)

    def test_an_index_is_read_without_encoding_the_pool_again(self, kind):
        written = indexed(*self.pool, retriever=kind(ToyEncoder()))
        encoder = ToyEncoder()
        encoder.encode = None
        kind(encoder).from_dict(written.to_dict(), written.pool)

    def test_an_index_keeps_up_with_its_encoder(self, kind):
        encoder = ToyEncoder("untrained")
        encoder.encode = lambda texts: np.zeros((len(texts), 2), dtype=np.float32)
        retriever = indexed(*self.pool, retriever=kind(encoder))
        del encoder.encode
        encoder.name = "trained"
        again = indexed(*self.pool, retriever=kind(ToyEncoder("trained")))
        assert retriever.retrieve([self.asked], 4) == again.retrieve([self.asked], 4)
        assert retriever.to_dict()["encoder"] == "trained"

    def test_the_index_of_another_encoder_is_refused(self, kind):
        data = indexed(*self.pool, retriever=kind(ToyEncoder("one"))).to_dict()
        with pytest.raises(ValueError, match="encoder 'one', but this pipeline uses 'other'"):
            kind(ToyEncoder("other")).from_dict(data, self.pool)


def test_only_span_similarity_asks_for_spans():
    assert SpanSimilarity(ToyEncoder()).needs_spans
    assert not SentenceSimilarity(ToyEncoder()).needs_spans


@pytest.mark.parametrize("kind", [SpanSimilarity, SentenceSimilarity])
def test_what_is_not_similar_enough_is_not_found(kind):
    pool = entry("near", "right", text="right"), entry("far", "up", text="up")
    retriever = indexed(*pool, retriever=kind(ToyEncoder(), min_similarity=0.7))
    asked = query(("flat", 1.0), text="flat")
    assert order(retriever, asked) == ["near"]
    retriever.min_similarity = None
    assert order(retriever, asked) == ["near", "far"]


def test_sentences_stand_in_for_spans_only_where_they_are_similar_enough():
    retriever = indexed(
        entry("near", text="right"),
        entry("far", text="up"),
        retriever=SpanSimilarity(ToyEncoder(), min_similarity=0.7),
    )
    assert order(retriever, query(text="flat")) == ["near"]


def labelled(id, *spans, text="left", entity=True):
    mentions = [(0, len(text.split()[0]), "X")] if entity else []
    return PoolEntry(make_shot(make_window(*text.split()), *mentions, id=id), spans)


POOL = [
    labelled("right", "right"),
    labelled("slope", "slope"),
    labelled("flat", "flat"),
    labelled("blank up", text="up", entity=False),
    labelled("blank right", text="right", entity=False),
    labelled("up", "up"),
]


def test_sentences_without_an_entity_have_their_natural_share():
    """A third of the pool, chosen by the whole sentence instead of the least similar of the others."""
    asked = query(("right", 1.0), text="right")
    assert order(indexed(*POOL), asked, 3) == ["right", "flat", "slope"]
    retriever = indexed(*POOL, retriever=SpanSimilarity(ToyEncoder(), natural_share=True))
    assert order(retriever, asked, 3) == ["right", "flat", "blank right"]
    assert order(retriever, asked, 6) == order(indexed(*POOL), asked, 6)
    assert order(retriever, query(("right", 1.0), exclude=["blank right"]), 3)[-1] == "blank up"


def test_sentences_without_an_entity_that_are_similar_anyway_are_not_shown_twice():
    pool = [*POOL, labelled("blank", "right", text="right", entity=False)]
    retriever = indexed(*pool, retriever=SpanSimilarity(ToyEncoder(), natural_share=True))
    assert order(retriever, query(("right", 1.0)), 2) == ["right", "blank"]


def test_a_small_share_asks_for_none():
    retriever = indexed(*POOL, retriever=SpanSimilarity(ToyEncoder(), natural_share=True))
    assert order(retriever, query(("right", 1.0)), 1) == ["right"]
