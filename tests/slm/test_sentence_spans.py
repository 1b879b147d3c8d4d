import pickle

import pytest
from hypothesis import given
from spacy.tokens import Doc

from spacy_el4ner.slm.sentence_spans import sentence_spans, sentence_spans_v1
from tests.strategies import VOCAB, docs, quick


@quick
@given(docs())
def test_every_token_is_read_once_and_in_order(doc):
    for most in (1, 3, 100):
        [spans] = sentence_spans([doc], most)
        assert [t.i for span in spans for t in span] == list(range(len(doc)))
        assert all(0 < len(span) <= most for span in spans)


def lengths(sentences, most):
    starts = [n == 0 for length in sentences for n in range(length)]
    doc = Doc(VOCAB, words=["x"] * len(starts), sent_starts=starts)
    return [len(span) for span in sentence_spans_v1(most)([doc])[0]]


@pytest.mark.parametrize(
    ("sentences", "expected"),
    [
        ([3, 3, 3, 3], [6, 6]),
        ([5, 5, 2], [5, 7]),
        ([10, 1], [8, 3]),
        ([2, 20, 2], [2, 8, 8, 6]),
        ([8, 8], [8, 8]),
    ],
)
def test_sentences_are_packed_and_only_longer_ones_are_cut(sentences, expected):
    assert lengths(sentences, 8) == expected


def test_it_can_be_pickled():
    assert pickle.loads(pickle.dumps(sentence_spans_v1(7))).keywords == {"max_tokens": 7}
