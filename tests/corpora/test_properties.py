"""Whatever is in a file: it is read, or refused; nothing is lost."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc

from spacy_el4ner.corpora import ConversionReport
from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.errors import EL4NERValueError
from tests.corpora.reading import ANN, read

LABELS = st.sampled_from(["PER", "LOC", "creative-work"])
WORDS = st.text("abc楚。.!」 \u3000-", min_size=1, max_size=3).filter(str.strip).map(str.strip)
SCHEMES = {"BIO": "BIIB", "BILUO": "BILU", "BMES": "BMES", "BIOES": "BIES"}


@st.composite
def annotated(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, str]]]:
    """Words, and entities over them: first word, one past the last, label."""
    words: list[str] = []
    entities = []
    for length, label in draw(st.lists(st.tuples(st.integers(1, 60), LABELS | st.none()), min_size=1)):
        if label:
            entities.append((len(words), len(words) + length, label))
        words += draw(st.lists(WORDS, min_size=length, max_size=length))
    return words, entities


def write_tags(length: int, entities: list[tuple[int, int, str]], scheme: str) -> list[str]:
    begin, inside, end, single = list(SCHEMES[scheme])
    tags = ["O"] * length
    for start, stop, label in entities:
        prefixes = begin + inside * (stop - start - 2) + end if stop - start > 1 else single
        tags[start:stop] = [f"{prefix}-{label}" for prefix in prefixes]
    return tags


def read_temporary(content: str, name: str) -> tuple[list[Doc], ConversionReport]:
    with TemporaryDirectory() as folder:
        return read(Path(folder), content, name)


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(deadline=None, max_examples=50)
@given(data=annotated())
def test_entities_survive_tags(scheme: str, data: tuple[list[str], list[tuple[int, int, str]]]) -> None:
    words, entities = data
    tags = write_tags(len(words), entities, scheme)
    content = "".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True))
    docs, report = read_temporary(content, "a.txt")
    found, offset = [], 0
    for doc in docs:
        found += [(e.start + offset, e.end + offset, e.label_) for e in doc.ents]
        offset += len(doc)
    assert found == entities
    assert [token.text for doc in docs for token in doc] == words
    assert set(report.repairs) <= {reasons.LONG_BLOCK}


TAGS = st.sampled_from([f"{p}-{x}" for p in "BIMELSUX" for x in ("A", "B", "")]) | st.just("")


@settings(deadline=None, max_examples=100)
@given(pairs=st.lists(st.tuples(WORDS, TAGS), min_size=1))
def test_broken_tags_lose_no_token(pairs: list[tuple[str, str]]) -> None:
    # Where most rows end in their tab, spaces can be what separates the fields.
    assume(2 * sum(bool(tag) for _, tag in pairs) >= len(pairs))
    lines = [("x", "O"), *pairs]
    content = "".join(f"{w}\t{t}\n" for w, t in lines)
    try:
        docs, report = read_temporary(content, "a.bmes")
    except EL4NERValueError as error:
        assert error.code in ("EL240", "EL247")  # noqa: PT017
        return
    assert [token.text for doc in docs for token in doc] == [word for word, _ in lines]
    assert report.entities >= sum(tag[:2] in ("B-", "S-", "U-") and len(tag) > 2 for _, tag in pairs)


@settings(deadline=None, max_examples=100)
@given(content=st.text("aO\t\n\r -B楚#{}\ufeff\u3000\x85", max_size=40))
def test_any_token_file_is_read_or_refused(content: str) -> None:
    try:
        docs, _ = read_temporary(content, "a.txt")
    except EL4NERValueError as error:
        assert error.code in ("EL007", "EL008", "EL240", "EL242", "EL243", "EL247")  # noqa: PT017
    else:
        assert docs


OFFSETS = st.integers(-2, 12)
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), OFFSETS, st.floats(), st.text(max_size=3), st.just([])
)
ENTITY = st.tuples(OFFSETS, OFFSETS, LABELS) | st.lists(JUNK, max_size=4) | JUNK


@settings(deadline=None, max_examples=100)
@given(
    text=st.text(max_size=10),
    entities=st.lists(ENTITY, max_size=4) | JUNK,
    sentences=st.lists(st.tuples(OFFSETS, OFFSETS) | JUNK, max_size=3) | JUNK,
)
def test_any_object_keeps_its_text(text: str, entities: Any, sentences: Any) -> None:
    data = {"text": text, "entities": entities, "sentences": sentences}
    content = "\n".join(json.dumps(o) for o in (data, *[ANN] * 5))
    try:
        docs, _ = read_temporary(content, "a.jsonl")
    except EL4NERValueError as error:
        assert error.code in ("EL244", "EL246", "EL248")  # noqa: PT017
        return
    kept = [text] if text else []
    assert [doc.text for doc in docs] == [*kept, *[ANN["text"]] * 5]
