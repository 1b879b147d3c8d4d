import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import precision_recall_fscore_support

from spacy_el4ner.scores import PRF, prf, prf_by_class, prf_of_counts
from tests.strategies import quick


def test_sets_are_scored_by_what_they_share():
    assert prf({1, 2}, {2, 3, 4}) == PRF(
        pytest.approx(1 / 2), pytest.approx(1 / 3), pytest.approx(2 / 5)
    )


@pytest.mark.parametrize(
    ("predicted", "gold"), [(set(), {1}), ({1}, set()), (set(), set()), ({1}, {2})]
)
def test_scores_without_a_correct_item_are_0(predicted, gold):
    assert prf(predicted, gold) == PRF(0, 0, 0)


def test_keys_take_a_prefix():
    assert prf_of_counts(1, 1, 1).to_dict("ents_") == {"ents_p": 1, "ents_r": 1, "ents_f": 1}


@quick
@given(st.lists(st.tuples(st.booleans(), st.booleans()), min_size=1, max_size=20))
def test_scores_are_those_of_scikit_learn(items):
    predicted, gold = ([pair[n] for pair in items] for n in (0, 1))
    p, r, f, _ = precision_recall_fscore_support(gold, predicted, average="binary", zero_division=0)
    numbers = range(len(items))
    found = prf({n for n in numbers if predicted[n]}, {n for n in numbers if gold[n]})
    assert (found.p, found.r, found.f) == pytest.approx((p, r, f))


def test_classes_are_scored_apart():
    correct, predicted, gold = np.array([[1, 0], [2, 1]]), np.array([[2, 0], [2, 4]]), np.array([2, 1])
    p, r, f = prf_by_class(correct, predicted, gold)
    assert p.tolist() == [[0.5, 0], [1, 0.25]]
    assert r.tolist() == [[0.5, 0], [1, 1]]
    assert f.tolist() == [[0.5, 0], [1, 0.4]]
