"""The parts of a corpus: found by name, or divided."""

import json
from collections.abc import Sequence
from pathlib import Path

import pytest
import srsly

from spacy_el4ner.corpora import read_docs, read_splits, write_splits
from spacy_el4ner.corpora import report as reasons
from tests.corpora.reading import ANN, ANN_ENTS, ents, numbered


def texts(folder: Path, seed: int = 0) -> dict[str, list[str]]:
    return {s: [d.text for d in docs] for s, (docs, _) in read_splits(folder, "en", seed).items()}


def sizes(folder: Path) -> list[int]:
    return [len(part) for part in texts(folder).values()]


@pytest.mark.parametrize(
    "names",
    [
        ("train", "dev", "test"),
        ("train", "valid", "test"),
        ("Train", "validation", "TEST"),
        ("trainset_A", "devset_A", "testset_A"),
        ("wnut17-train", "wnut17.dev", "wnut17_test"),
    ],
)
def test_splits_are_found_by_name(tmp_path: Path, names: Sequence[str]) -> None:
    for count, name in enumerate(names, 1):
        numbered(tmp_path, name, count)
    (tmp_path / "README.md").write_text("no corpus", encoding="utf-8")
    assert sizes(tmp_path) == [1, 2, 3]


def test_a_missing_dev_part_is_a_tenth_of_train(tmp_path: Path) -> None:
    numbered(tmp_path, "train", 100)
    numbered(tmp_path, "test", 7)
    assert sizes(tmp_path) == [90, 10, 7]


@pytest.mark.parametrize("given", ["file", "folder"])
def test_one_file_is_divided(tmp_path: Path, given: str) -> None:
    numbered(tmp_path, "all", 200)
    assert sizes(tmp_path / "all.conll" if given == "file" else tmp_path) == [162, 18, 20]


def test_a_division_loses_and_doubles_nothing(tmp_path: Path) -> None:
    numbered(tmp_path, "all", 50)
    parts = texts(tmp_path)
    together = [text for part in parts.values() for text in part]
    assert sorted(together) == sorted(f"all{n}" for n in range(50))


def test_a_division_is_decided_by_its_seed(tmp_path: Path) -> None:
    numbered(tmp_path, "all", 50)
    assert texts(tmp_path, 1) == texts(tmp_path, 1)
    assert texts(tmp_path, 1) != texts(tmp_path, 2)


def test_repairs_are_counted_once_in_a_divided_file(tmp_path: Path) -> None:
    (tmp_path / "a.conll").write_text("Ann\tB-PER\n\nLee\n\nleft\tO\n", encoding="utf-8")
    splits = read_splits(tmp_path, "en", 0)
    repairs = [report.repairs for _, report in splits.values()]
    assert repairs == [{reasons.NO_TAG: 1}, {}, {}]
    assert [report.documents for _, report in splits.values()] == [1, 1, 1]


def test_too_few_documents_to_divide_are_an_error(tmp_path: Path) -> None:
    numbered(tmp_path, "all", 2)
    with pytest.raises(ValueError, match=r"EL008.*three are needed"):
        read_splits(tmp_path, "en", 0)


def test_two_files_for_one_split_are_an_error(tmp_path: Path) -> None:
    numbered(tmp_path, "train_a", 1)
    numbered(tmp_path, "train_b", 1)
    with pytest.raises(ValueError, match=r"EL010.*train_a\.conll, train_b\.conll"):
        read_splits(tmp_path, "en", 0)


def test_a_folder_without_a_train_file_is_an_error(tmp_path: Path) -> None:
    numbered(tmp_path, "dev", 1)
    numbered(tmp_path, "test", 1)
    with pytest.raises(ValueError, match=r"EL249.*dev\.conll, test\.conll"):
        read_splits(tmp_path, "en", 0)


def test_read_docs_of_a_folder_reads_its_train_file(tmp_path: Path) -> None:
    numbered(tmp_path, "train", 2)
    numbered(tmp_path, "test", 1)
    assert [doc.text for doc in read_docs(tmp_path)] == ["train0", "train1"]


def test_written_splits_are_read_back(tmp_path: Path) -> None:
    data = {**ANN, "id": "x", "sentences": [[0, 4], [4, 15]]}
    lines = "\n".join(json.dumps(data) for _ in range(3))
    (tmp_path / "all.jsonl").write_text(lines, encoding="utf-8")
    out = tmp_path / "deep" / "out"
    splits = read_splits(tmp_path, "en", 0)
    write_splits(splits, out)
    assert sorted(p.name for p in out.iterdir()) == [
        "dev.spacy",
        "report.json",
        "test.spacy",
        "train.spacy",
    ]
    for docs, report in read_splits(out, "en", 0).values():
        assert [(d.text, ents(d), d.user_data["id"]) for d in docs] == [(ANN["text"], ANN_ENTS, "x")]
        assert report.sentences == 2
    written = srsly.read_json(out / "report.json")
    assert written == {split: report.to_dict() for split, (_, report) in splits.items()}
