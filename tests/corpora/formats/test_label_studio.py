"""Label Studio's exports: JSON, JSON-MIN, older ones, and what is no annotation."""

import json
from pathlib import Path
from typing import Any

import pytest

from spacy_el4ner.corpora import report as reasons
from tests.corpora.reading import ents, read

TEXT = "Ann Lee moved to Rome."
ENTS = [("Ann Lee", "PER"), ("Rome", "LOC")]


def region(start: int, end: int, *labels: str, **more: Any) -> dict[str, Any]:
    value = {"start": start, "end": end, "text": TEXT[start:end], "labels": list(labels)}
    return {"type": "labels", "from_name": "label", "to_name": "text", "value": {**value, **more}}


RESULT = [region(0, 7, "PER"), region(17, 21, "LOC")]


def task(key: str = "annotations", *annotations: Any, **data: str) -> dict[str, Any]:
    return {"id": 1, "data": data or {"text": TEXT}, key: list(annotations) or [{"result": RESULT}]}


@pytest.mark.parametrize(
    "record",
    [
        task(),
        task("completions"),
        task(body=TEXT, author="nobody"),
        {"id": 1, "text": TEXT, "label": [r["value"] for r in RESULT]},
        {"id": 1, "text": TEXT, "ner": [r["value"] for r in RESULT], "annotator": 1},
    ],
)
@pytest.mark.parametrize("listed", [True, False])
def test_tasks_are_read(tmp_path: Path, record: dict[str, Any], listed: bool) -> None:
    docs, report = read(tmp_path, json.dumps([record] if listed else record), "a.json")
    assert ents(docs[0]) == ENTS
    assert report.repairs == {}


def test_what_is_no_label_of_text_is_passed_over(tmp_path: Path) -> None:
    note = {"type": "textarea", "value": {"start": 0, "end": 7, "text": ["Q42"]}}
    record = task("annotations", {"result": [*RESULT, note, region(8, 13)]})
    docs, report = read(tmp_path, json.dumps([record]), "a.json")
    assert ents(docs[0]) == ENTS
    assert report.repairs == {reasons.ENTITY_UNLABELLED: 1}


def test_html_is_read_by_its_global_offsets(tmp_path: Path) -> None:
    places = {"start": "/p[1]/text()[1]", "end": "/p[1]/text()[1]", "text": "Ann Lee"}
    value = {**places, "globalOffsets": {"start": 3, "end": 10}, "hypertextlabels": ["PER"]}
    result = [{"type": "hypertextlabels", "value": value}]
    record = task("annotations", {"result": result}, text=f"<p>{TEXT}</p>")
    docs, _ = read(tmp_path, json.dumps([record]), "a.json")
    assert ents(docs[0]) == [("Ann Lee", "PER")]


@pytest.mark.parametrize(
    "record",
    [
        task("annotations", 12, 13),
        task("predictions"),
        task("annotations", {"result": RESULT, "was_cancelled": True}),
        task("annotations", {"result": [region(0, 7)]}),
        task(
            "annotations",
            {"result": [{"type": "labels", "value": {**RESULT[0]["value"], "labels": None}}]},
        ),
    ],
)
def test_tasks_without_annotation_are_refused(tmp_path: Path, record: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match=r"EL008|EL247"):
        read(tmp_path, json.dumps([record]), "a.json")
