from spacy_el4ner.retrieval.base import PoolEntry, Query
from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from tests.strategies import make_shot, make_window

WINDOW = make_window("a", "b", "c")
TYPES = {"s0": (), "s1": ("X",), "s2": ("X", "Y"), "s3": ("Z",), "s4": ("X",)}
POOL = [
    PoolEntry(make_shot(WINDOW, *((2 * n, 2 * n + 1, t) for n, t in enumerate(types)), id=id))
    for id, types in TYPES.items()
]


def ids(*queries, k=2, seed=0):
    retriever = FixedDemonstrations(seed)
    retriever.index(POOL)
    return [[hit.demonstration.id for hit in hits] for hits in retriever.retrieve(queries, k)]


def test_every_sentence_is_shown_the_same():
    first, second = ids(Query("a"), Query("quite another"), k=3)
    assert first == second
    assert len(set(first)) == 3


def test_what_is_shown_has_as_many_types_as_may_be():
    assert ids(Query("a")) == [["s2", "s3"]]


def test_what_is_excluded_is_not_shown_and_the_next_takes_its_place():
    (shown,) = ids(Query("a", exclude=frozenset(["s2"])), k=4)
    assert sorted(shown) == ["s0", "s1", "s3", "s4"]


def test_the_seed_decides_between_equals():
    assert len({tuple(ids(Query("a"), k=3, seed=seed)[0]) for seed in range(20)}) > 1


def test_nothing_is_shown_where_nothing_is_wanted():
    assert ids(Query("a"), k=0) == [[]]
