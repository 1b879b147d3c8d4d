import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from spacy_el4ner.retrieval.diverse import Diverse
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from tests.retrieval.toys import LABELS, Axes, entry, found, pools, queries
from tests.strategies import quick


class Angles:
    """The vector of a text is that of the angle that it says, in degrees."""

    name = "angles"

    def encode(self, texts):
        angles = np.radians([float(text.split()[0]) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


def indexed(*pool, encoder=None, **settings):
    retriever = Diverse(encoder or Angles(), **settings)
    retriever.index([entry(one) if isinstance(one, str) else one for one in pool])
    return retriever


def test_what_is_like_one_that_was_chosen_gives_way():
    """Of 10° and 11°, on one side of the input, the second tells nothing new; -30° does."""
    retriever = indexed("10", "11", "-30", relevance=0.5)
    assert found(retriever, "0", 2) == ["10", "-30"]
    retriever.relevance = 0.9
    assert found(retriever, "0", 2) == ["10", "11"]


def test_what_is_found_comes_most_similar_first():
    """-50° is chosen before 10.5°, but is less similar."""
    assert found(indexed("10", "10.5", "-50", relevance=0.5), "0", 3) == ["10", "10.5", "-50"]


def test_every_label_is_shown_where_there_is_room():
    pool = [
        entry("1 Ann", ("Ann", "PERSON")),
        entry("2 Ann", ("Ann", "PERSON")),
        entry("80 Oslo", ("Oslo", "GPE")),
        entry("90 Acme", ("Acme", "ORG")),
    ]
    retriever = indexed(*pool, relevance=1.0)
    assert found(retriever, "0", 3) == ["1 Ann", "80 Oslo", "90 Acme"]
    assert found(retriever, "0", 2) == ["1 Ann", "2 Ann"]
    retriever.every_label = False
    assert found(retriever, "0", 3) == ["1 Ann", "2 Ann", "80 Oslo"]


def test_the_labels_of_excluded_sentences_are_not_looked_for():
    pool = [entry("5 Ann", ("Ann", "PERSON")), entry("0"), entry("1")]
    assert found(indexed(*pool, relevance=1.0), "0", 1, "5 Ann") == ["0"]


@quick
@given(data=st.data(), pool=pools(), k=st.integers(len(LABELS), 9))
def test_no_label_of_the_pool_is_missing(data, pool, k):
    asked = data.draw(queries(pool))
    (hits,) = indexed(*pool, encoder=Axes()).retrieve([asked], k)
    allowed = [e.demonstration for e in pool if e.demonstration.id not in asked.exclude]
    shown = {m.label for hit in hits for m in hit.demonstration.mentions}
    assert shown == {m.label for one in allowed for m in one.mentions}


@quick
@given(data=st.data(), pool=pools(), k=st.integers(0, 9))
def test_with_relevance_alone_it_is_similarity(data, pool, k):
    asked = data.draw(queries(pool))
    similarity = SentenceSimilarity(Axes())
    similarity.index(pool)
    diverse = indexed(*pool, encoder=Axes(), relevance=1.0, every_label=False)
    assert diverse.retrieve([asked], k) == similarity.retrieve([asked], k)


@pytest.mark.parametrize("relevance", [-0.1, 1.1])
def test_a_relevance_out_of_range_is_refused(relevance):
    with pytest.raises(ValueError, match=r"EL363.*'relevance'.*Diverse.*from 0 to 1"):
        Diverse(Angles(), relevance=relevance)
