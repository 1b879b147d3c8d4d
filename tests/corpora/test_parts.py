"""Names of files, and the parts of a corpus that they name."""

from pathlib import Path

import pytest

from spacy_el4ner.corpora import read_splits
from spacy_el4ner.corpora.parts import split_of
from tests.corpora.reading import numbered


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("train.conll", "train"),
        ("TRAIN.txt", "train"),
        ("eng.train", "train"),
        ("trainset_A.txt", "train"),
        ("my-training-data.jsonl", "train"),
        ("val.tsv", "dev"),
        ("Valid.txt", "dev"),
        ("validation.jsonl", "dev"),
        ("eng.testa", "dev"),
        ("devel.conll", "dev"),
        ("devset_A.txt", "dev"),
        ("eng.testb", "test"),
        ("wnut17.test.conll", "test"),
        ("testset_A.txt", "test"),
        ("evaluation.txt", ""),
        ("latest.txt", ""),
        ("trained.txt", ""),
    ],
)
def test_names_of_files_name_their_parts(name: str, split: str) -> None:
    assert split_of(Path(name)) == split


def test_what_was_not_used_is_named(tmp_path: Path) -> None:
    for name in ("train", "val", "test", "extra"):
        numbered(tmp_path, name, 3)
    (tmp_path / "README.md").write_text("about it")
    splits = read_splits(tmp_path, "en", 0)
    assert "not used: extra.conll" in splits["train"][1].notes
    assert [doc.text for doc in splits["dev"][0]] == ["val0", "val1", "val2"]


def test_the_files_of_conll_2003_are_found(tmp_path: Path) -> None:
    for name in ("eng.train", "eng.testa", "eng.testb"):
        (tmp_path / name).write_text(f"{name} NNP B-NP B-X\nleft VBD O O\n\n")
    splits = read_splits(tmp_path, "en", 0)
    texts = {split: docs[0].text for split, (docs, _) in splits.items()}
    assert texts == {"train": "eng.train left", "dev": "eng.testa left", "test": "eng.testb left"}
