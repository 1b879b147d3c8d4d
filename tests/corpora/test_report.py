"""Reports: what was read, repaired and noted."""

from pathlib import Path

import pytest
import spacy

from spacy_el4ner.corpora import read_docs
from spacy_el4ner.corpora import report as reasons
from tests.corpora.reading import read, rows

NOTES = ["a.conll: column file, documents: 1", "column 1 words, column 2 tags (BIO)"]


def test_the_report_counts(tmp_path: Path) -> None:
    _, report = read(tmp_path, rows("Ann B-PER", "met O", "Lee B-PER", "in", "Rome B-LOC"))
    assert report.to_dict() == {
        "documents": 1,
        "sentences": 1,
        "tokens": 5,
        "entities": 3,
        "labels": {"PER": 2, "LOC": 1},
        "repairs": {reasons.NO_TAG: 1},
        "notes": NOTES,
    }
    assert report.lines() == [
        "documents: 1, sentences: 1, tokens: 5, entities: 3",
        "labels: LOC 1, PER 2",
        f"{reasons.NO_TAG}: 1",
        *NOTES,
    ]


def test_without_a_report_repairs_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spacy.util.logger, "propagate", True)
    path = tmp_path / "a.conll"
    path.write_text("Ann\tB-PER\nleft\n", encoding="utf-8")
    read_docs(path)
    assert caplog.messages == [f"{path}: {reasons.NO_TAG}: 1"]
