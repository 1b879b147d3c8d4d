import json

import pytest

from spacy_el4ner.evaluation.annotation_cost import CostRecord, markdown, measure
from tests.bulk.inputs import save_ruler

pytestmark = pytest.mark.slow


def test_a_run_is_measured_from_end_to_end(tmp_path):
    row = measure(str(save_ruler(tmp_path / "ruler")), ["Bill left.", "Ann Lee stayed."], 3, 1, 2)
    assert (row["documents"], row["workers"]) == (3, 1)
    assert 0 < row["docs_per_s"] * row["seconds"] == pytest.approx(3)
    assert row["cpu_s"] > 0
    assert row["peak_mb"] > 50


def test_a_command_that_fails_is_an_error(tmp_path):
    with pytest.raises(RuntimeError, match=r"EL074.*code 1"):
        measure(str(tmp_path / "nowhere"), ["Bill left."], 1, 1, 2)


def test_what_was_measured_is_not_measured_again(tmp_path):
    path, row = tmp_path / "cost.json", {"documents": 5, "workers": 2}
    CostRecord(path, {"fingerprint": "a", "date": "today", "pipeline": "here"}).add(row)
    again = CostRecord(path, {"fingerprint": "a", "date": "tomorrow", "pipeline": "there"})
    assert again.has(5, 2)
    assert not again.has(5, 1)
    assert json.loads(path.read_text())["rows"] == [row]


def test_what_was_measured_of_something_else_is_left_out(tmp_path):
    path = tmp_path / "cost.json"
    CostRecord(path, {"fingerprint": "a"}).add({"documents": 5, "workers": 2})
    assert CostRecord(path, {"fingerprint": "b"}).rows == []


def test_the_report_has_a_line_a_row_and_says_on_what():
    row = {"seconds": 2.0, "docs_per_s": 2.5, "cpu_s": 1.25, "peak_mb": 300.4}
    data = {
        "machine": {"processor": "Abacus", "threads": 2, "gpu": None, "python": "3.11"},
        "date": "2026-01-02",
        "versions": {"spacy": "3.8"},
        "pipeline": "training/fusion",
        "corpus": "test.spacy",
        "batch_size": 64,
        "rows": [{**row, "documents": n, "workers": 1} for n in (5, 20_000)],
    }
    said = markdown(data)
    assert "2026-01-02 with `training/fusion`" in said
    assert "2 threads of Abacus" in said
    assert "| 5 | 1 | 2 | 2.5 | 1.25 | 300 |" in said
    assert "| 20000 | 1 | 2 | 2.5 | 1.25 | 300 |" in said
