import numpy as np
import pytest
from thinc.api import NumpyOps

from spacy_el4ner.slm.loss import cross_entropy

SCORES = np.array([[0.0, 1.0, -2.0], [3.0, 0.5, 0.0], [1.0, 1.0, 1.0]])


def loss(scores, tags):
    return cross_entropy(NumpyOps(), scores, np.array(tags))


def test_the_loss_is_minus_the_log_probability_of_the_tags():
    p = np.exp(SCORES) / np.exp(SCORES).sum(1, keepdims=True)
    expected = -np.log(p[0, 1] * p[1, 0] * p[2, 2])
    assert loss(SCORES, [1, 0, 2])[0] == pytest.approx(expected, rel=1e-5)


def test_tokens_whose_tag_is_not_known_have_no_part_in_it():
    value, gradient = loss(SCORES, [1, -1, -1])
    assert value == pytest.approx(loss(SCORES[:1], [1])[0])
    assert gradient[0].any()
    assert not gradient[1:].any()
    assert loss(SCORES, [-1, -1, -1])[0] == 0.0


def test_the_gradient_is_that_of_the_loss():
    _, gradient = loss(SCORES, [1, 0, 2])
    for place in np.ndindex(SCORES.shape):
        step = np.zeros_like(SCORES)
        step[place] = 1e-4
        slope = (loss(SCORES + step, [1, 0, 2])[0] - loss(SCORES - step, [1, 0, 2])[0]) / 2e-4
        assert slope == pytest.approx(gradient[place], abs=1e-4)


def test_a_tag_that_seems_impossible_costs_much_but_not_infinitely_much():
    value, gradient = loss(np.array([[1000.0, 0.0]], "f"), [1])
    assert 80 < value < 100
    assert gradient.tolist() == [[1.0, -1.0]]


def test_no_tokens_cost_nothing():
    value, gradient = loss(np.zeros((0, 3)), np.zeros(0, np.int64))
    assert value == 0.0
    assert gradient.shape == (0, 3)
