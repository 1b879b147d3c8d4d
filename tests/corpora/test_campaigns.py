"""Campaigns of files: whatever bytes a file has, it is read, or refused with a code."""

import json
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin

from spacy_el4ner.bulk.files import SOURCES, Keys, open_source
from spacy_el4ner.corpora import read_docs
from spacy_el4ner.errors import EL4NERError
from spacy_el4ner.review.tools import review_tools
from tests.corpora.reading import ANN, NLP

TASK = {"data": {"text": "Ann"}, "annotations": [{"result": [{"type": "labels", "value": None}]}]}
REGION = {"value": {"start": 0, "end": 3, "text": "Ann", "labels": ["PER"]}, "type": "labels"}
COLUMNS = "1 Ann B-PER\n2 left O\n\n1 Oslo B-LOC\n".replace(" ", "\t")


def docbin() -> bytes:
    """A file of spaCy's own, with one document."""
    doc = Doc(NLP.vocab, words=["Ann", "left"], ents=["B-PER", "O"])
    return DocBin(docs=[doc]).to_bytes()


SEEDS = {
    ".conll": COLUMNS.encode(),
    ".conllu": b"# id = 1\n" + COLUMNS.encode(),
    ".txt": b"Ann left.\nOslo\n",
    ".jsonl": json.dumps(ANN).encode() + b"\n" + json.dumps({"text": "Ann", "label": []}).encode(),
    ".json": json.dumps([{**TASK, "annotations": [{"result": [REGION]}]}]).encode(),
    ".spacy": docbin(),
}
"""Suffix -> a file of that kind."""
PIECES = st.sampled_from(
    [
        *(b"\x00", b"\xff\xfe", b"\xef\xbb\xbf", b"\r", b"\t\t", b"\n\n", b"B-", b"-DOCSTART-"),
        *(b"null", b"1e999", b"NaN", b'"\\ud800"', b"{}", b"[]", b"-1", b"\xc2\xa0", b"\xe2\x80\xa8"),
        b"[" * 2000,
    ]
)


@st.composite
def files(draw: st.DrawFn) -> tuple[str, bytes]:
    """The suffix and content of a file: any bytes, or a file of its kind that was damaged."""
    suffix = draw(st.sampled_from(sorted(SEEDS)))
    if draw(st.booleans()):
        return suffix, draw(st.binary(max_size=200))
    content = SEEDS[suffix]
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(content)))
        stop = min(len(content), start + draw(st.integers(0, 12)))
        content = content[:start] + draw(PIECES | st.binary(max_size=4)) + content[stop:]
    return suffix, content


@given(file=files())
@example(file=(".json", json.dumps([TASK]).encode()))
@example(file=(".jsonl", b"[" * 100_000))
@example(file=(".conll", b"Ann B-P\rleft O\r\rBob B-P\r"))
def test_any_file_is_read_or_refused_with_a_code(file: tuple[str, bytes]) -> None:
    suffix, content = file
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"corpus{suffix}"
        path.write_bytes(content)
        try:
            docs = read_docs(path, nlp=NLP)
        except EL4NERError:
            return  # with a code
        assert all(0 <= ent.start < ent.end <= len(doc) for doc in docs for ent in doc.ents)


@given(file=files())
def test_any_input_of_annotate_is_read_or_refused_with_a_code(file: tuple[str, bytes]) -> None:
    suffix, content = file
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"texts{suffix if suffix in SOURCES else '.jsonl'}"
        path.write_bytes(content)
        try:
            source = open_source(path, Keys())
            records = [source.record(item) for item in source.items()]
        except EL4NERError:
            return  # with a code
        assert len(records) == source.index(shard_size=2).documents
        assert all(isinstance(record.text, str) for record in records)


@pytest.mark.parametrize("tool", ["doccano", "label-studio", "prodigy"])
@given(file=files())
@example(file=(".json", json.dumps([TASK]).encode()))
@example(file=(".jsonl", b'{"el4ner_id": null, "text": "Ann", "label": []}'))
def test_any_export_is_read_or_refused_with_a_code(tool: str, file: tuple[str, bytes]) -> None:
    with TemporaryDirectory() as folder:
        path = Path(folder) / f"export{file[0]}"
        path.write_bytes(file[1])
        try:
            documents = list(review_tools()[tool].read(path))
        except EL4NERError:
            return  # with a code
        assert all(document.id not in ("None", "null") for document in documents)
