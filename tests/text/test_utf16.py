import hypothesis.strategies as st
import pytest
from hypothesis import given

from spacy_el4ner.text.utf16 import Units
from tests.strategies import quick

texts = st.text(
    st.characters(exclude_categories=("Cs",)) | st.sampled_from("e\u0301😀👩‍👩‍👧魏"), max_size=20
)


@quick
@given(texts)
def test_it_counts_as_the_encoding_does(text):
    units = Units(text)
    for n in range(len(text) + 1):
        assert units.of(n) == len(text[:n].encode("utf-16-le")) // 2
        assert units.character(units.of(n)) == n


@pytest.mark.parametrize(
    ("unit", "character"), [(0, 0), (1, None), (2, 1), (3, 2), (4, None), (-1, None)]
)
def test_there_is_no_character_within_one_or_outside(unit, character):
    assert Units("😀a").character(unit) == character
