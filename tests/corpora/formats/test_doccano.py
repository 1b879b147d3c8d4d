"""doccano's exports, in their versions."""

from pathlib import Path

import pytest

from spacy_el4ner.review.tools import find_tool
from tests.corpora.reading import ents, read, read_objects

TEXT = "😀 Ann met Bo 🎉 in Rome."
SPANS = [(3, 6, "PER"), (11, 13, "PER"), (20, 24, "LOC")]
"""Units of UTF-16: each emoji counts twice."""
ENTS = [("Ann", "PER"), ("Bo", "PER"), ("Rome", "LOC")]
OBJECTS = [
    {"id": n, "start_offset": s, "end_offset": e, "label": x} for n, (s, e, x) in enumerate(SPANS)
]


@pytest.mark.parametrize(
    "record",
    [
        {"text": TEXT, "label": SPANS},
        {"text": TEXT, "labels": SPANS},
        {"text": TEXT, "entities": OBJECTS, "relations": [], "Comments": []},
    ],
)
def test_offsets_are_units_of_utf16_as_the_review_import_reads_them(
    tmp_path: Path, record: dict
) -> None:
    docs, report = read_objects(tmp_path, record)
    assert ents(docs[0]) == ENTS
    assert report.repairs == {}
    (reviewed,) = find_tool("doccano").read(tmp_path / "a.jsonl")
    assert [(reviewed.text[s:e], label) for s, e, label in reviewed.entities] == ENTS


def test_offsets_in_characters_are_refused_unless_said(tmp_path: Path) -> None:
    record = {"text": TEXT, "label": [(2, 5, "PER"), (10, 12, "PER"), (18, 22, "LOC")]}
    with pytest.raises(ValueError, match=r"EL246.*--offsets characters"):
        read_objects(tmp_path, record)
    docs, _ = read_objects(tmp_path, record, offsets="characters")
    assert ents(docs[0]) == ENTS


def test_labels_by_number_need_their_names(tmp_path: Path) -> None:
    record = {"text": "Ann left.", "annotations": [{"label": 7, "start_offset": 0, "end_offset": 3}]}
    with pytest.raises(ValueError, match=r"EL244.*'annotations'.*--tag-names"):
        read_objects(tmp_path, record)
    docs, _ = read_objects(tmp_path, record, tag_names={"7": "PER"})
    assert ents(docs[0]) == [("Ann", "PER")]


def test_other_keys_are_named_and_can_be_given(tmp_path: Path) -> None:
    record = '{"data": "Ann left.", "label": [[0, 3, "PER"]]}'
    with pytest.raises(ValueError, match=r"EL243.*'data', 'label'.*--text-key"):
        read(tmp_path, record, "a.jsonl")
    docs, _ = read(tmp_path, record, "a.jsonl", text_key="data", entities_key="label")
    assert ents(docs[0]) == [("Ann", "PER")]
