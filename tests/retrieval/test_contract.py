"""What holds for every retriever that needs no spans."""

import hypothesis.strategies as st
import pytest
from hypothesis import given

from spacy_el4ner.retrieval.bm25 import BM25
from spacy_el4ner.retrieval.diverse import Diverse
from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from spacy_el4ner.retrieval.label_guided import LabelGuided
from spacy_el4ner.retrieval.pool import Pool
from spacy_el4ner.retrieval.random import RandomDemonstrations
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from tests.retrieval.toys import Axes, pools, queries
from tests.strategies import quick

KINDS = {
    "SentenceSimilarity": lambda: SentenceSimilarity(Axes()),
    "LabelGuided": lambda: LabelGuided(Axes()),
    "BM25": BM25,
    "Diverse": lambda: Diverse(Axes()),
    "RandomDemonstrations": RandomDemonstrations,
    "FixedDemonstrations": FixedDemonstrations,
}
every = pytest.mark.parametrize("make", KINDS.values(), ids=KINDS.keys())
places = st.integers(0, 9)


def indexed(make, pool):
    retriever = make()
    retriever.index(pool)
    return retriever


@every
@quick
@given(data=st.data(), pool=pools(), k=places)
def test_as_many_different_sentences_are_found_as_wanted_and_none_that_is_excluded(make, data, pool, k):
    asked = data.draw(queries(pool))
    (hits,) = indexed(make, pool).retrieve([asked], k)
    ids = [hit.demonstration.id for hit in hits]
    allowed = {e.demonstration.id for e in pool} - asked.exclude
    assert len(set(ids)) == len(ids) == min(k, len(allowed))
    assert allowed.issuperset(ids)


@every
@quick
@given(data=st.data(), pool=pools(), k=places)
def test_hits_come_most_similar_first(make, data, pool, k):
    (hits,) = indexed(make, pool).retrieve([data.draw(queries(pool))], k)
    similarities = [hit.similarity for hit in hits]
    assert similarities == sorted(similarities, reverse=True)


@every
@quick
@given(data=st.data(), pool=pools().filter(bool), k=places)
def test_every_query_finds_the_same_in_any_company(make, data, pool, k):
    asked = data.draw(st.lists(queries(pool), min_size=1, max_size=4))
    order = data.draw(st.permutations(range(len(asked))))
    together = indexed(make, pool).retrieve(asked, k)
    shuffled = indexed(make, pool).retrieve([asked[n] for n in order], k)
    assert shuffled == [together[n] for n in order]


@every
@quick
@given(data=st.data(), pool=pools(), k=places)
def test_a_saved_pool_finds_the_same(make, data, pool, k):
    asked = [data.draw(queries(pool))]
    written, read = Pool(), Pool()
    written.entries = pool
    retriever, again = indexed(make, pool), make()
    read.from_bytes(written.to_bytes(retriever), again)
    assert again.retrieve(asked, k) == retriever.retrieve(asked, k)


@every
def test_nothing_is_found_where_nothing_is_asked_or_indexed(make):
    assert make().retrieve([], 3) == []
    assert indexed(make, []).retrieve([], 3) == []
