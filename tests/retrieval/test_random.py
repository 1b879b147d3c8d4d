from spacy_el4ner.retrieval.base import PoolEntry, Query
from spacy_el4ner.retrieval.random import RandomDemonstrations
from tests.strategies import make_shot, make_window

POOL = [PoolEntry(make_shot(make_window("a"), id=f"s{n}")) for n in range(20)]


def ids(retriever, query, k):
    (hits,) = retriever.retrieve([query], k)
    return [hit.demonstration.id for hit in hits]


def indexed(seed=0):
    retriever = RandomDemonstrations(seed)
    retriever.index(POOL)
    return retriever


def test_the_same_text_draws_the_same():
    assert ids(indexed(), Query("a"), 5) == ids(indexed(), Query("a"), 5)


def test_another_text_or_seed_draws_another():
    drawn = ids(indexed(), Query("a"), 5)
    assert ids(indexed(), Query("b"), 5) != drawn
    assert ids(indexed(1), Query("a"), 5) != drawn


def test_nothing_is_drawn_twice_or_though_excluded():
    drawn = ids(indexed(), Query("a", exclude=frozenset(["s1", "s2"])), 99)
    assert sorted(drawn) == sorted({f"s{n}" for n in range(20)} - {"s1", "s2"})


def test_an_empty_pool_yields_nothing():
    assert ids(RandomDemonstrations(), Query("a"), 5) == []
    assert ids(indexed(), Query("a"), 0) == []


def test_an_index_written_and_read_draws_the_same():
    read = RandomDemonstrations()
    read.from_dict(indexed().to_dict(), POOL)
    assert ids(read, Query("a"), 5) == ids(indexed(), Query("a"), 5)
