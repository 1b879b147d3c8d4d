from itertools import pairwise

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import given

from spacy_el4ner.slm.tags import MISSING, Scheme
from tests.slm.bmes import is_legal
from tests.strategies import quick

SCHEME = Scheme(("NR", "NG"))


@st.composite
def token_spans(draw, length, labels=SCHEME.labels):
    """Entities of so many tokens, in order and without overlap."""
    cuts = sorted(draw(st.sets(st.integers(0, length))))
    return [
        (start, end, draw(st.sampled_from(labels)))
        for start, end in pairwise(cuts)
        if draw(st.booleans())
    ]


@quick
@given(st.data())
def test_entities_survive_being_written_as_tags(data):
    length = data.draw(st.integers(0, 12))
    spans = data.draw(token_spans(length))
    ids = SCHEME.encode(length, spans)
    assert is_legal(ids)
    assert SCHEME.decode(ids) == spans


def test_the_tags_of_an_entity():
    ids = SCHEME.encode(6, [(0, 1, "NG"), (2, 5, "NR")])
    assert [SCHEME.tags[n] for n in ids] == ["U-NG", "O", "B-NR", "I-NR", "L-NR", "O"]


@pytest.mark.parametrize(
    "tags",
    [
        ["I-NR", "L-NR"],
        ["L-NR"],
        ["B-NR"],
        ["B-NR", "O"],
        ["B-NR", "L-NG"],
        ["B-NR", "I-NG", "L-NG"],
        ["B-NR", "U-NR", "L-NR"],
        ["U-NR", "L-NR"],
        ["B-NR", "B-NR", "L-NR"],
    ],
    ids=" ".join,
)
def test_what_is_not_well_formed_is_not_legal(tags):
    assert not is_legal(SCHEME.ids(tags))


def test_a_tag_that_is_missing_or_of_another_label_has_no_number():
    ids = SCHEME.ids(["O", None, "B-XX", "U-NG"])
    assert ids.tolist() == [0, MISSING, MISSING, SCHEME.tags.index("U-NG")]


def test_no_tokens_have_no_tags():
    assert SCHEME.encode(0, []).dtype == SCHEME.ids([]).dtype == np.int64
    assert is_legal([])
    assert SCHEME.decode([]) == []
