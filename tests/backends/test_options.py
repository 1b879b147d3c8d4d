import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends.decoding.options import Fork, forks
from tests.strategies import quick

END = 0
ended = st.lists(st.integers(1, 3), max_size=4).map(lambda tokens: (*tokens, END))


def softmax(values):
    total = sum(map(math.exp, values))
    return [math.exp(v) / total for v in values]


def probabilities(options, seed):
    """What a model with random logits decides at the forks, multiplied along each option."""
    rng = random.Random(seed)
    decided = {
        (*fork.path, token): p
        for fork in forks(options)
        for token, p in zip(
            fork.children, softmax([rng.gauss(0, 2) for _ in fork.children]), strict=True
        )
    }
    return [
        math.prod(decided.get(option[: n + 1], 1.0) for n in range(len(option))) for option in options
    ]


@quick
@given(st.lists(ended, min_size=1, max_size=8, unique=True), st.integers())
def test_the_decisions_at_the_forks_multiply_to_a_distribution(options, seed):
    found = probabilities(options, seed)
    assert sum(found) == pytest.approx(1.0)
    assert all(0 < p <= 1 for p in found)


@quick
@given(st.lists(ended, min_size=1, max_size=8, unique=True))
def test_there_is_a_fork_exactly_where_options_part(options):
    for fork in forks(options):
        followers = {o[len(fork.path)] for o in options if o[: len(fork.path)] == fork.path}
        assert len(fork.children) > 1
        assert set(fork.children) == followers
    assert len(options) == 1 + sum(len(f.children) - 1 for f in forks(options))


def test_a_single_option_decides_nothing():
    assert forks([(5, 6, 7)]) == []


def test_options_with_different_first_tokens_fork_once():
    assert forks([(1, 9, END), (2, END), (3, 8, 7, END)]) == [Fork((), (1, 2, 3))]


def test_an_option_that_begins_another_forks_at_its_end():
    assert forks([(1, END), (1, 2, END)]) == [Fork((1,), (END, 2))]
