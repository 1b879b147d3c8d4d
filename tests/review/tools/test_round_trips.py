"""What goes to a tool comes back, whatever the text is made of."""

import hypothesis.strategies as st
import pytest
from hypothesis import HealthCheck, given, settings
from spacy.tokens import Doc, Span

from spacy_el4ner.review.choice import Disputed
from spacy_el4ner.review.tools import review_tools
from spacy_el4ner.types import Mention
from tests.review.exports import EXPORT
from tests.strategies import VOCAB

WORDS = ("Ann", "é", "e\u0301", "क्षि", "😀", "👩‍👩‍👧", "🇬🇧", "魏", "İ", "\u2028", "\n", "</a>", '"')


@st.composite
def documents(draw):
    words = draw(st.lists(st.sampled_from(WORDS), min_size=1, max_size=8))
    spaces = draw(st.lists(st.booleans(), min_size=len(words), max_size=len(words)))
    doc = Doc(VOCAB, words=words, spaces=spaces)
    cuts = sorted(draw(st.sets(st.integers(0, len(words)), max_size=6)))
    labels = st.sampled_from(["PERSON", "a b:c", "<&>"])
    doc.ents = [
        Span(doc, start, end, label=draw(labels))
        for start, end in zip(cuts[::2], cuts[1::2], strict=False)
    ]
    return Disputed(doc, draw(st.sampled_from(["1", "a/b", "魏"])), ((Mention(0, 1, "PERSON"), 0.5),))


@pytest.mark.parametrize("name", review_tools())
@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(chosen=st.lists(documents(), min_size=1, max_size=3))
def test_texts_and_offsets_come_back_exactly(tmp_path, name, chosen):
    path = tmp_path / "exported"
    path.write_text(EXPORT[name](review_tools()[name].write(chosen)), encoding="utf8", newline="")
    back = list(review_tools()[name].read(path))
    assert [(one.id, one.text, one.accepted) for one in back] == [
        (one.id, one.doc.text, True) for one in chosen
    ]
    for one, original in zip(back, chosen, strict=True):
        ents = [(e.start_char, e.end_char, e.label_) for e in original.doc.ents]
        assert list(one.entities) == ents
