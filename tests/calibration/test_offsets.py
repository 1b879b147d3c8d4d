import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.calibration.offsets import MOST, best_offset, cross_validated, f1_with

places = st.lists(
    st.tuples(st.floats(-12.0, 12.0).map(lambda x: round(x, 2)), st.booleans()), min_size=1, max_size=30
)


@given(places, st.floats(-MOST + 0.01, MOST - 0.01))
def test_no_other_offset_has_a_higher_f1(decisions, other):
    log_odds, departs = zip(*decisions, strict=True)
    if any(departs):
        best = f1_with(log_odds, departs, best_offset(log_odds, departs))
        assert best >= f1_with(log_odds, departs, other) - 1e-12


@given(places)
def test_decisions_that_are_right_as_they_stand_keep_their_side(decisions):
    log_odds = [score if departs else -score for score, departs in decisions]
    departs = [departs for _, departs in decisions]
    right = [(abs(s) + 0.5) * (1 if d else -1) for s, d in zip(log_odds, departs, strict=True)]
    offset = best_offset(right, departs)
    assert [score + offset > 0 for score in right] == departs


def test_a_model_that_never_departs_is_helped_to():
    log_odds = np.array([-3.0, -1.0, -4.0, -0.5, -5.0])
    departs = np.array([False, True, False, True, False])
    offset = best_offset(log_odds, departs)
    assert offset == pytest.approx(2.0)
    assert f1_with(log_odds, departs, offset) == 1.0
    assert f1_with(log_odds, departs, 0.0) == 0.0


def test_without_a_departure_nothing_is_offset():
    assert best_offset([1.0, -1.0], [False, False]) == 0.0


def test_cross_validation_decides_each_sentence_by_the_others():
    log_odds = [np.array([-2.0, -5.0])] * 10
    departs = [np.array([True, False])] * 10
    assert cross_validated(log_odds, departs) == (1.0, 0.0)
