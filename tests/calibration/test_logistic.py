import math
import random
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.calibration.logistic import Weights, fit, fit_temperature, log_odds, sigmoid, temper
from tests.strategies import quick


def examples(n=2000, seed=0):
    """Right with probability sigmoid(1 + 2a − b), whatever c is, which is a thousand times as large."""
    rng = random.Random(seed)
    rows = [{"a": rng.gauss(0, 1), "b": rng.gauss(0, 1), "c": 1000 * rng.gauss(0, 1)} for _ in range(n)]
    return rows, [rng.random() < sigmoid(1 + 2 * r["a"] - r["b"]) for r in rows]


def test_a_fit_finds_the_weights_that_made_the_data():
    weights = fit(*examples())
    assert weights.intercept == pytest.approx(1, abs=0.2)
    assert weights.coefficients["a"] == pytest.approx(2, abs=0.3)
    assert weights.coefficients["b"] == pytest.approx(-1, abs=0.2)
    assert weights.coefficients["c"] == pytest.approx(0, abs=1e-3)


def test_an_example_of_twice_the_weight_is_as_good_as_two():
    rows, right = examples(200)
    heavy = fit(rows, right, [2.0, *[1.0] * 199])
    double = fit([rows[0], *rows], [right[0], *right])
    assert heavy.probability(rows[1]) == pytest.approx(double.probability(rows[1]), abs=1e-2)


def test_there_is_nothing_to_fit_where_all_are_alike():
    assert fit([{"a": 1.0}, {"a": 2.0}], [True, True]) is None
    assert fit([], []) is None


def test_a_feature_without_a_weight_counts_for_nothing():
    assert Weights(0.0, {"a": 1.0}).probability({"b": 5.0}) == 0.5


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.0])
def test_a_temperature_is_found(temperature):
    rng = random.Random(0)
    true = [rng.uniform(0.05, 0.95) for _ in range(5000)]
    said = [sigmoid(log_odds(p) * temperature) for p in true]
    assert fit_temperature(said, [rng.random() < p for p in true]) == pytest.approx(
        temperature, rel=0.2
    )


def test_without_anything_to_tell_the_temperature_is_1():
    assert fit_temperature([0.5, 0.9], [True, True]) == fit_temperature([], []) == 1


@quick
@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.25, 8))
def test_a_temperature_keeps_the_order_of_probabilities(p, q, temperature):
    low, high = sorted((p, q))
    assert 0 <= temper(low, temperature) <= temper(high, temperature) <= 1


def test_a_temperature_of_1_changes_nothing():
    assert temper(0.99999, 1.0) == 0.99999


def test_no_score_is_too_great():
    assert (sigmoid(1e9), sigmoid(-1e9)) == (1, 0)
    assert -math.inf < log_odds(0) < 0 < log_odds(1) < math.inf


def test_applying_weights_needs_no_scikit_learn():
    code = (
        "import sys; from spacy_el4ner.fusion import fuse, routing, rules\n"
        "from spacy_el4ner.calibration.logistic import Weights\n"
        "Weights(0.0, {'a': 1.0}).probability({'a': 1})\n"
        "assert 'sklearn' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_what_is_seen_once_weighs_little():
    """One example of a rare label that was right by chance must not decide all later ones."""
    rows = [{"common": float(n % 2), "rare": float(n == 0)} for n in range(200)]
    weights = fit(rows, [n == 0 or n % 2 == 1 for n in range(200)])
    assert weights.coefficients["common"] > 3 * weights.coefficients["rare"] > 0
    assert weights.probability({"rare": 1.0}) < 0.5


@pytest.mark.parametrize("scale", [0.01, 100])
def test_the_unit_of_a_number_does_not_matter(scale):
    rows, right = examples(200)
    scaled = fit([{**row, "a": row["a"] * scale} for row in rows], right)
    expected = fit(rows, right).coefficients["a"]
    assert scaled.coefficients["a"] * scale == pytest.approx(expected, rel=1e-2)
