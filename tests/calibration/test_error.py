import itertools
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.calibration.error import aurc, brier_score, calibration_error, error_by_chance
from tests.strategies import quick


def test_the_calibration_error_of_a_worked_example():
    pairs = [(0.95, True), (0.91, False), (0.55, True), (0.05, False)]
    by_hand = (2 / 4) * abs(0.5 - 0.93) + (1 / 4) * abs(1 - 0.55) + (1 / 4) * abs(0 - 0.05)
    assert calibration_error(pairs) == pytest.approx(by_hand)


def test_the_calibration_error_depends_on_the_bins():
    pairs = [(0.8, True), (0.2, False)]
    assert calibration_error(pairs, bins=1) == pytest.approx(0.0)
    assert calibration_error(pairs, bins=2) == pytest.approx(0.2)


def test_full_confidence_falls_into_the_last_bin():
    assert calibration_error([(1.0, False), (0.9, True)]) == pytest.approx(0.45)


def test_perfect_calibration_is_0_and_perfect_error_is_1():
    assert calibration_error([(1.0, True), (0.0, False)]) == 0
    assert calibration_error([(1.0, False), (0.0, True)]) == 1
    assert calibration_error([(0.5, True), (0.5, False)]) == 0


def test_without_predictions_there_is_no_error():
    assert calibration_error([]) is None


@quick
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=20))
def test_the_calibration_error_lies_between_0_and_1(pairs):
    assert 0 <= calibration_error(pairs) <= 1


def test_the_error_by_chance_of_a_worked_example():
    # Of two at 0.5, none or both are right half of the time, which is one off; one at 0.9 is 0.1 off
    # nine times of ten, and 0.9 off once.
    pairs = [(0.5, True), (0.5, True), (0.9, False)]
    assert error_by_chance(pairs) == pytest.approx((0.5 * 1 + 0.9 * 0.1 + 0.1 * 0.9) / 3)
    assert error_by_chance([]) is None


@quick
@given(st.lists(st.floats(0, 1), min_size=1, max_size=6))
def test_the_error_by_chance_is_the_mean_over_all_outcomes(confidences):
    mean = 0.0
    for outcome in itertools.product([False, True], repeat=len(confidences)):
        likely = math.prod(c if right else 1 - c for c, right in zip(confidences, outcome, strict=True))
        mean += likely * calibration_error(list(zip(confidences, outcome, strict=True)))
    assert error_by_chance([(c, True) for c in confidences]) == pytest.approx(mean)


def test_the_brier_score_of_a_worked_example():
    assert brier_score([(0.9, True), (0.4, False)]) == pytest.approx((0.1**2 + 0.4**2) / 2)


def test_the_area_under_the_risk_coverage_curve_of_a_worked_example():
    # Among the first n: no error, one of two, one of three.
    assert aurc([(0.9, True), (0.5, True), (0.7, False)]) == pytest.approx((0 + 1 / 2 + 1 / 3) / 3)


def test_equal_confidences_count_as_in_random_order():
    # Both orders of the last two: (0 + 1/2 + 1/3) / 3 and (0 + 0 + 1/3) / 3.
    pairs = [(0.9, True), (0.5, False), (0.5, True)]
    assert aurc(pairs) == pytest.approx(((1 / 2 + 1 / 3) / 3 + (1 / 3) / 3) / 2)


@quick
@given(st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=1, max_size=20), st.randoms())
def test_measures_do_not_depend_on_the_order(pairs, random):
    shuffled = random.sample(pairs, len(pairs))
    assert aurc(shuffled) == pytest.approx(aurc(pairs))
    assert brier_score(shuffled) == pytest.approx(brier_score(pairs))


@quick
@given(st.lists(st.tuples(st.floats(0.01, 1), st.booleans()), min_size=1, max_size=20))
def test_only_the_ranking_matters_to_the_area(pairs):
    assert aurc([(c**3, r) for c, r in pairs]) == pytest.approx(aurc(pairs))


def test_without_predictions_there_are_no_measures():
    assert brier_score([]) is None
    assert aurc([]) is None
