"""BRAT standoff folders."""

from pathlib import Path

import pytest
import spacy

from spacy_el4ner.corpora import ConversionReport, read_docs, read_splits
from spacy_el4ner.corpora import report as reasons
from tests.corpora.reading import ents

NLP = spacy.blank("en")


def write(folder: Path, name: str, text: str, *lines: str) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / f"{name}.txt").write_text(text, encoding="utf-8", newline="")
    (folder / f"{name}.ann").write_text("\n".join([*lines, ""]), encoding="utf-8")


def test_text_bound_annotations_are_read(tmp_path: Path) -> None:
    write(
        tmp_path,
        "a",
        "Ann left\r\nRome.",
        "T1\tPER 0 3\tAnn",
        "T2\tLOC 10 14\tRome",
        "R1\tLives Arg1:T1",
    )
    write(tmp_path, "b", "It rained.")
    docs = read_docs(tmp_path, nlp=NLP, report=ConversionReport())
    assert [(doc.user_data["id"], ents(doc)) for doc in docs] == [
        ("a", [("Ann", "PER"), ("Rome", "LOC")]),
        ("b", []),
    ]


def test_pieces_and_texts_that_differ_are_counted(tmp_path: Path) -> None:
    lines = [
        "T1\tPER 0 3;9 13\tAnn Rome",
        "T2\tLOC 0 3\tBob",
        "T3\tPER 0 3;4 8\tAnn left",
        "T4\tLOC 9 13\tRome",
    ]
    write(tmp_path, "a", "Ann left Rome.", *lines)
    write(tmp_path, "b", "Ann left.", "T1\tPER 0 3\tAnn")
    report = ConversionReport()
    docs = read_docs(tmp_path, nlp=NLP, report=report)
    assert ents(docs[0]) == [("Ann left", "PER"), ("Rome", "LOC")]
    assert report.repairs == {reasons.DISCONTINUOUS: 1, reasons.ENTITY_MISMATCH: 1}


def test_folders_can_be_the_parts_of_a_corpus(tmp_path: Path) -> None:
    for split in ("train", "devel", "test"):
        write(tmp_path / split, "a", "Ann left.", "T1\tPER 0 3\tAnn")
    splits = read_splits(tmp_path, "en", 0)
    assert {split: len(docs) for split, (docs, _) in splits.items()} == {
        "train": 1,
        "dev": 1,
        "test": 1,
    }


def test_offsets_of_another_text_are_refused(tmp_path: Path) -> None:
    write(tmp_path, "a", "Ann left.", "T1\tPER 4 7\tAnn")
    with pytest.raises(ValueError, match="EL247"):
        read_docs(tmp_path, nlp=NLP, report=ConversionReport())
