import math
import sys

import pytest

from spacy_el4ner.retrieval.bm25 import BM25
from tests.retrieval.toys import entry, found, query


def indexed(*texts, **settings):
    retriever = BM25(**settings)
    retriever.index([entry(text) for text in texts])
    return retriever


def test_the_score_of_a_worked_example():
    """ "rain" is in one of three sentences, which has 2 of the 6 words and so the mean length."""
    (hits,) = indexed("rain rain", "it fell", "it is").retrieve([query("rain ?")], 1)
    assert hits[0].similarity == pytest.approx(math.log(1 + 2.5 / 1.5) * 2 / (2 + 1.5))


def test_a_rare_word_counts_for_more():
    retriever = indexed("the rain", "the war", "a war")
    assert found(retriever, "war rain", 3) == ["the rain", "the war", "a war"]


def test_capitals_make_no_difference():
    assert found(indexed("it fell", "RAIN fell"), "Rain", 1) == ["RAIN fell"]


def test_of_equals_the_first_in_the_pool_comes_first():
    assert found(indexed("b x", "a", "c x", "d"), "x", 4) == ["b x", "c x", "a", "d"]


def test_a_sentence_does_not_find_itself():
    assert found(indexed("rain fell", "rain came"), "rain fell", 2, "rain fell") == ["rain came"]


def test_length_counts_only_as_far_as_it_is_set():
    texts = "rain fell on us all", "rain fell"
    assert found(indexed(*texts), "rain", 1) == ["rain fell"]
    assert found(indexed(*texts, b=0.0), "rain", 1) == ["rain fell on us all"]


def test_without_the_library_the_error_names_the_extra(monkeypatch):
    monkeypatch.setitem(sys.modules, "bm25s", None)
    with pytest.raises(ImportError, match=r"EL362.*spacy-el4ner\[bm25\]"):
        indexed("rain")


@pytest.mark.parametrize(("settings", "name"), [({"k1": -1.0}, "k1"), ({"b": 1.5}, "b")])
def test_settings_out_of_range_are_refused(settings, name):
    with pytest.raises(ValueError, match=rf"EL363.*'{name}'.*BM25"):
        BM25(**settings)
