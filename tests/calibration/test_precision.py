"""The threshold above which a precision is promised."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.calibration.precision import GRID, least_entities, promise_precision
from spacy_el4ner.errors import EL4NERValueError
from tests.strategies import quick

PAIRS = [(0.9, True)] * 400 + [(0.5, False)] * 100


def test_the_lowest_threshold_that_holds_is_chosen():
    chosen = promise_precision(PAIRS, 0.9)
    assert (chosen.threshold, chosen.kept, chosen.right) == (GRID[11], 400, 400)


def test_everything_is_kept_where_everything_is_precise_enough():
    assert promise_precision(PAIRS, 0.7).threshold == 0


def test_too_few_entities_promise_nothing_and_the_message_says_how_many_it_takes():
    least = least_entities(0.95, 0.1)
    with pytest.raises(EL4NERValueError, match=rf"EL382.* fewer than the {least} ") as error:
        promise_precision([(0.9, True)] * (least - 1), 0.95, 0.1)
    assert "Give more labelled documents" in str(error.value)
    assert promise_precision([(0.9, True)] * least, 0.95, 0.1).threshold == 0


def test_wrong_entities_promise_nothing():
    with pytest.raises(EL4NERValueError, match="EL382"):
        promise_precision([(0.9, False)] * 1000, 0.5)


@pytest.mark.parametrize(("precision", "risk"), [(0, 0.1), (1, 0.1), (0.9, 0), (0.9, 1.5)])
def test_impossible_promises_are_refused(precision, risk):
    with pytest.raises(EL4NERValueError, match="EL383"):
        promise_precision(PAIRS, precision, risk)


@quick
@given(st.lists(st.tuples(st.floats(0, 1), st.integers(0, 300), st.integers(0, 300)), max_size=5))
def test_the_threshold_is_of_the_grid_and_above_the_precision(groups):
    pairs = [(c, n < right) for c, right, wrong in groups for n in range(right + wrong)]
    try:
        chosen = promise_precision(pairs, 0.6)
    except EL4NERValueError:
        return
    assert chosen.threshold in GRID
    assert chosen.right / chosen.kept > 0.6
    assert chosen.kept == sum(c >= chosen.threshold for c, _ in pairs)


@pytest.mark.parametrize("risk", [0.1, 0.3])
def test_the_promise_is_broken_in_no_more_than_the_stated_share_of_draws(risk):
    """The confidences are too high, so that the threshold has to come from the data."""
    random = np.random.default_rng(0)
    precision, draws, broken, given = 0.9, 200, 0, 0
    everything = random.beta(4, 1, 200_000)
    rates = everything**1.5
    for _ in range(draws):
        seen = random.choice(len(everything), 1500)
        right = random.random(1500) < rates[seen]
        pairs = list(zip(everything[seen].tolist(), right.tolist(), strict=True))
        try:
            chosen = promise_precision(pairs, precision, risk)
        except EL4NERValueError:
            continue
        given += 1
        broken += rates[everything >= chosen.threshold].mean() < precision
    assert given > draws / 2
    assert broken <= risk * draws
