"""The greedy choice of items whose texts are unlike each other."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.review.k_center import k_center

ITEMS = st.lists(
    st.lists(st.tuples(st.sampled_from("abcdefgh"), st.floats(0, 1)), min_size=1, max_size=3),
    max_size=8,
)


class Angles:
    """Embeds numbers of degrees as directions."""

    name = "angles"

    def encode(self, texts):
        angles = np.radians([float(text) for text in texts])
        return np.stack([np.cos(angles), np.sin(angles)], axis=1).astype(np.float32)


@given(ITEMS, st.integers(0, 9))
def test_every_item_is_chosen_once_up_to_the_limit(items, limit):
    chosen = k_center(items, limit)
    assert len(chosen) == len(set(chosen)) == (min(limit, len(items)) if limit else len(items))


@given(ITEMS, st.integers(1, 9))
def test_a_lower_limit_only_stops_earlier(items, limit):
    assert k_center(items, limit) == k_center(items, 0)[:limit]


@given(st.lists(st.tuples(st.sampled_from("abcd"), st.floats(0.1, 1)), min_size=1, max_size=12))
def test_no_text_comes_twice_before_every_text_came(weighted):
    chosen = k_center([[one] for one in weighted], 0)
    different = {text for text, _ in weighted}
    assert {weighted[n][0] for n in chosen[: len(different)]} == different


def test_the_greatest_weight_comes_first():
    assert k_center([[("a", 0.2), ("b", 0.5)], [("c", 0.9)], [("d", 0.7)]], 0) == [1, 2, 0]


@pytest.mark.parametrize("other", ["New York", "NEW YORK", "New\n York"])
def test_case_and_white_space_do_not_make_a_text_another_one(other):
    assert k_center([[("New York", 0.9)], [(other, 0.8)], [("Oslo", 0.1)]], 0) == [0, 2, 1]


def test_all_texts_of_a_chosen_item_are_covered():
    assert k_center([[("a", 0.9), ("b", 0.1)], [("b", 0.8)], [("c", 0.2)]], 0) == [0, 2, 1]


def test_an_encoder_puts_off_texts_that_are_near():
    items = [[("0", 0.9)], [("5", 0.8)], [("90", 0.3)]]
    assert k_center(items, 0) == [0, 1, 2]
    assert k_center(items, 0, Angles()) == [0, 2, 1]


def test_opposite_texts_are_no_farther_than_unrelated_ones():
    items = [[("0", 0.9)], [("180", 0.3)], [("90", 0.4)]]
    assert k_center(items, 0, Angles()) == [0, 2, 1]
