"""spaCy's own files."""

from pathlib import Path

import pytest
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_el4ner.corpora import read_docs
from tests.corpora.reading import ANN, ANN_ENTS, ents, read_objects, rows


def test_docbin_is_read(tmp_path: Path) -> None:
    docs, _ = read_objects(tmp_path, {**ANN, "id": "x"}, ANN)
    del docs[1].user_data["id"]
    (tmp_path / "b.spacy").write_bytes(DocBin(docs=docs, store_user_data=True).to_bytes())
    again = read_docs(tmp_path / "b.spacy")
    assert [ents(doc) for doc in again] == [ANN_ENTS, ANN_ENTS]
    assert [doc.user_data["id"] for doc in again] == ["x", "b-1"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.conll", "a.spacy"])
def test_documents_take_the_vocab_given(tmp_path: Path, name: str) -> None:
    docs, _ = read_objects(tmp_path, ANN)
    (tmp_path / "a.spacy").write_bytes(DocBin(docs=docs).to_bytes())
    (tmp_path / "a.conll").write_text(rows("Ann B-PER"), encoding="utf-8")
    vocab = Vocab()
    assert all(doc.vocab is vocab for doc in read_docs(tmp_path / name, vocab, lang="en"))
