import numpy as np
import pytest

from spacy_el4ner.retrieval.label_guided import LabelGuided
from tests.retrieval.toys import Axes, entry, found, query


class Plane:
    """Some words point up, the others right."""

    name = "plane"

    def encode(self, texts):
        up = ("Ann", "Bo", "came")
        return np.array([(0, 1) if text in up else (1, 0) for text in texts], np.float32).reshape(-1, 2)


def indexed(*pool, **settings):
    retriever = LabelGuided(Plane(), **settings)
    retriever.index(pool)
    return retriever


ANN = entry("Ann left", ("Ann", "PERSON"))
RAIN = entry("rain fell")
SETTINGS = {"context_weight": 0.5, "other_weight": 0.25}


def similarities(retriever, text):
    (hits,) = retriever.retrieve([query(text)], 9)
    return {hit.demonstration.id: pytest.approx(hit.similarity) for hit in hits}


def test_the_similarity_of_a_worked_example():
    """Weights are 1 for "Ann", 0.5 for "left", 0.25 for "rain" and "fell"; "Bo" has 1, as it is new.

    Ann left:  (0.5, 1) / √1.25   rain fell:  (1, 0)   Bo left:  (0.5, 1) / √1.25
    """
    retriever = indexed(ANN, RAIN, **SETTINGS)
    assert similarities(retriever, "Bo left") == {
        "Ann left": 0.5 + 1,
        "rain fell": 0.5 / np.sqrt(1.25),
    }


def test_words_and_vectors_have_weights_of_their_own():
    retriever = indexed(ANN, RAIN, match_weight=2.0, vector_weight=0.0, **SETTINGS)
    assert similarities(retriever, "Bo left") == {"Ann left": 2 * 0.5, "rain fell": 0.0}


def test_a_common_name_counts_for_more_than_a_common_word_of_no_entity():
    pool = entry("the rain fell"), entry("there came Ann", ("Ann", "PERSON"))
    assert found(indexed(*pool, vector_weight=0.0), "rain fell , Ann", 1) == ["there came Ann"]


def test_a_word_counts_once_however_often_it_occurs():
    retriever = indexed(ANN, vector_weight=0.0)
    assert similarities(retriever, "Ann Ann Ann") == similarities(retriever, "Ann") == {"Ann left": 1.0}


def test_stop_words_do_not_match():
    pool = [entry("The Ann", ("Ann", "PERSON"))]
    assert similarities(indexed(*pool, vector_weight=0.0), "The") == {"The Ann": 0.0}
    assert similarities(indexed(*pool, vector_weight=0.0, stop_words=None), "The") == {"The Ann": 1.0}


def test_where_no_word_weighs_anything_the_mean_is_plain():
    retriever = indexed(entry("rain came"), other_weight=0.0)
    assert similarities(retriever, "rain") == {"rain came": np.sqrt(0.5)}


def test_a_sentence_does_not_find_itself():
    assert found(indexed(ANN, RAIN), "Ann left", 2, "Ann left") == ["rain fell"]


def test_of_equals_the_first_in_the_pool_comes_first():
    pool = [entry("Ann left", ("Ann", "PERSON"), id=name) for name in "cab"]
    assert found(indexed(*pool), "Ann left", 3) == ["c", "a", "b"]


def test_settings_may_change_without_indexing_again():
    saved = indexed(ANN, RAIN).to_dict()
    read = LabelGuided(Plane(), **SETTINGS)
    read.from_dict(saved, [ANN, RAIN])
    assert similarities(read, "Bo left") == similarities(indexed(ANN, RAIN, **SETTINGS), "Bo left")


def test_an_index_is_read_without_encoding_the_pool_again(monkeypatch):
    saved = indexed(ANN, RAIN).to_dict()
    monkeypatch.setattr(Plane, "encode", None)
    LabelGuided(Plane()).from_dict(saved, [ANN, RAIN])


def test_an_index_keeps_up_with_its_encoder():
    retriever = indexed(ANN, RAIN)
    retriever.encoder = Axes()
    again = LabelGuided(Axes())
    again.index([ANN, RAIN])
    assert retriever.retrieve([query("Bo left")], 2) == again.retrieve([query("Bo left")], 2)
    assert retriever.to_dict()["encoder"] == "axes"


def test_the_index_of_another_retriever_or_encoder_is_refused():
    with pytest.raises(ValueError, match=r"EL126.*LabelGuided.*words"):
        LabelGuided(Plane()).from_dict({"encoder": "plane"}, [ANN])
    with pytest.raises(ValueError, match=r"EL012.*'plane'.*'axes'"):
        LabelGuided(Axes()).from_dict(indexed(ANN).to_dict(), [ANN])


def test_a_negative_weight_is_refused():
    with pytest.raises(ValueError, match=r"EL363.*'other_weight'.*LabelGuided.*at least 0"):
        LabelGuided(Plane(), other_weight=-1.0)
