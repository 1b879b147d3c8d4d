"""Which format reads a file, and which files are refused."""

from pathlib import Path

import pytest

from spacy_el4ner.corpora import read_docs
from tests.corpora.reading import read


@pytest.mark.parametrize("name", ["a.conll", "a.jsonl"])
def test_an_empty_file_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="EL007"):
        read(tmp_path, "\n", name)


@pytest.mark.parametrize("name", ["absent.conll", "folder"])
def test_no_corpus_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="EL007"):
        read_docs(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "code"),
    [
        pytest.param("a.txt", b"Ann left.\nShe came back.\n", "EL240", id="prose"),
        pytest.param("a.txt", "楚\tO\n使\tO\n".encode("gbk"), "EL241", id="another encoding"),
        pytest.param("a.jsonl", b"{\n[", "EL008", id="nothing usable"),
        pytest.param("a.spacy", b"Ann", "EL008", id="no DocBin"),
    ],
)
def test_what_cannot_be_repaired_is_an_error(
    tmp_path: Path, name: str, content: bytes, code: str
) -> None:
    with pytest.raises(ValueError, match=rf"{code}.*{name}"):
        read(tmp_path, content, name)
