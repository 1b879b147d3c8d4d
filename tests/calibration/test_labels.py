import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.calibration.labels import LabelCalibration, batch_prior, fit


def log_softmax(scores):
    return scores - np.logaddexp.reduce(scores, axis=-1, keepdims=True)


def questions(seed, count=200, bias=(0.0, 3.0, 0.0), sharpness=1.0):
    """What a model says that is right but for a preference for one of its options."""
    random = np.random.default_rng(seed)
    gold = random.integers(0, 3, count)
    scores = random.normal(0, 1, (count, 3)) + 2.5 * np.eye(3)[gold]
    return log_softmax(sharpness * scores + np.array(bias)), gold


def test_a_preference_is_taken_away():
    logprobs, gold = questions(0)
    calibrated = np.array([fit(logprobs, gold)(row) for row in logprobs])
    assert (logprobs.argmax(1) == gold).mean() < 0.7
    assert (calibrated.argmax(1) == gold).mean() > 0.85


def test_a_model_that_is_too_sure_is_cooled():
    logprobs, gold = questions(1, bias=(0.0, 0.0, 0.0), sharpness=4.0)
    assert fit(logprobs, gold).temperature > 1.5


def test_with_few_questions_the_prior_stays_near_that_of_the_batch():
    logprobs, gold = questions(2, count=4)
    centre = batch_prior(logprobs)
    shift = np.array(fit(logprobs, gold).prior) - (centre - centre.mean())
    many, labels = questions(2, count=2000)
    wide = batch_prior(many)
    assert np.abs(shift).max() < 1.5
    assert np.abs(np.array(fit(many, labels).prior) - (wide - wide.mean())).max() < 3.0


@given(st.lists(st.floats(-30, 0), min_size=2, max_size=6))
def test_probabilities_sum_to_one(logprobs):
    calibration = LabelCalibration((0.5,) * len(logprobs), 2.0)
    assert np.exp(calibration(logprobs)).sum() == pytest.approx(1.0)


def test_an_answer_that_says_nothing_stays_as_it_is():
    assert LabelCalibration((1.0, 2.0))([-np.inf, -np.inf]) == [-np.inf, -np.inf]
