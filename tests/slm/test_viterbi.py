import itertools

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from spacy_el4ner.slm.reading import log_softmax
from spacy_el4ner.slm.tags import Scheme
from spacy_el4ner.slm.viterbi import best_tagging
from tests.slm.bmes import is_legal
from tests.strategies import quick

SCHEME = Scheme(("NR", "NG"))
TAGS = len(SCHEME.tags)


ANY_SCALE = st.sampled_from([0.1, 3.0, 300.0])


@st.composite
def scores(draw, max_tokens, scale=ANY_SCALE):
    """Log-probabilities of the tags at some tokens, from nearly even to nearly certain."""
    rng = np.random.default_rng(draw(st.integers(0, 10**6)))
    logits = rng.normal(size=(draw(st.integers(0, max_tokens)), TAGS)) * draw(scale)
    return log_softmax(logits)


def weigh(logprobs, ids):
    return sum(logprobs[n, tag] for n, tag in enumerate(ids))


def legal(tokens):
    return [ids for ids in itertools.product(range(TAGS), repeat=tokens) if is_legal(ids)]


LEGAL = {tokens: legal(tokens) for tokens in range(5)}


@quick
@given(scores(30))
def test_the_best_tagging_is_well_formed(logprobs):
    best = best_tagging(SCHEME, logprobs)
    assert len(best) == len(logprobs)
    assert is_legal(best)


@quick
@given(scores(4))
def test_no_well_formed_tagging_is_better(logprobs):
    best = best_tagging(SCHEME, logprobs)
    most = max(weigh(logprobs, ids) for ids in LEGAL[len(logprobs)])
    assert weigh(logprobs, best) == pytest.approx(most)


@quick
@given(scores(6, st.just(3.0)), st.data())
def test_the_best_tagging_is_that_of_the_best_tags_where_those_are_well_formed(logprobs, data):
    ids = np.array(data.draw(st.sampled_from(LEGAL[min(len(logprobs), 4)])), np.int64)
    logprobs = logprobs[: len(ids)]
    logprobs[np.arange(len(ids)), ids] = 1.0
    assert best_tagging(SCHEME, logprobs).tolist() == ids.tolist()


def test_the_best_tags_are_mended_where_they_contradict_each_other():
    p = np.full((3, TAGS), 0.01)
    for n, tag in enumerate(["B-NR", "I-NR", "O"]):
        p[n, SCHEME.tags.index(tag)] = 0.6
    p[1, SCHEME.tags.index("L-NR")] = 0.3
    best = best_tagging(SCHEME, np.log(p))
    assert SCHEME.decode(best) == [(0, 2, "NR")]


def test_without_labels_everything_is_outside():
    assert best_tagging(Scheme(()), np.zeros((3, 1))).tolist() == [0, 0, 0]
