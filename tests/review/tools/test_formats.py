"""The details of each tool's files."""

import json

import pytest

from spacy_el4ner.corpora.documents import LabelledText
from spacy_el4ner.review.choice import choose_documents
from spacy_el4ner.review.tools import review_tools
from tests.html_report.documents import TEXT, annotated, vote, voted
from tests.review.exports import EXPORT

ACME = TEXT.index("Acme")


@pytest.fixture
def chosen():
    record = voted(vote("a", "ORG", 0.5, GPE=0.5))
    return choose_documents([annotated(TEXT, [("Acme", "ORG", record)], id="one")])


@pytest.fixture
def read(tmp_path):
    def read(name, content):
        path = tmp_path / "exported"
        path.write_text(content if isinstance(content, str) else json.dumps(content), encoding="utf8")
        return list(review_tools()[name].read(path))

    return read


def test_prodigy_gets_tokens_and_spans_that_begin_and_end_at_them(chosen):
    (task,) = map(json.loads, review_tools()["prodigy"].write(chosen).splitlines())
    (span,) = task["spans"]
    first, last = task["tokens"][span["token_start"]], task["tokens"][span["token_end"]]
    assert (first["start"], last["end"]) == (span["start"], span["end"]) == (ACME, ACME + 4)
    assert all(TEXT[t["start"] : t["end"]] == t["text"] for t in task["tokens"])
    assert "".join(t["text"] + " " * t["ws"] for t in task["tokens"]) == TEXT
    assert task["meta"] == {"id": "one", "dispute": 0.5, "disputed": "Acme (ORG) 0.50"}


def test_prodigy_says_what_was_rejected_or_ignored(chosen, read):
    content = review_tools()["prodigy"].write(chosen * 3)
    exported = EXPORT["prodigy"](content, ["accept", "reject", "ignore"])
    assert [one.accepted for one in read("prodigy", exported)] == [True, False, False]


def test_prodigys_tasks_of_others_have_no_name(read):
    record = {"text": "Ann left.", "spans": [{"start": 0, "end": 3, "label": "A"}], "answer": "accept"}
    assert read("prodigy", record) == [LabelledText("", "Ann left.", ((0, 3, "A"),))]


def test_label_studio_gets_predictions_of_the_interface_that_is_advised(chosen):
    tool = review_tools()["label-studio"]
    (task,) = json.loads(tool.write(chosen))
    (prediction,) = task["predictions"]
    (result,) = prediction["result"]
    assert result["value"] == {"start": ACME, "end": ACME + 4, "text": "Acme", "labels": ["ORG"]}
    assert prediction["score"] == 0.5
    advice = tool.advice(["A&B"])
    assert f'<Labels name="{result["from_name"]}" toName="{result["to_name"]}">' in advice
    assert '<Label value="A&amp;B"/>' in advice
    assert 'value="$text"' in advice


def test_label_studio_says_what_was_skipped(chosen, read):
    content = review_tools()["label-studio"].write(chosen * 2)
    exported = EXPORT["label-studio"](content, cancelled=[0])
    assert [one.accepted for one in read("label-studio", exported)] == [False, True]
    # What nobody has looked at has no annotation, only the prediction.
    assert [one.accepted for one in read("label-studio", content)] == [False, False]


def test_the_last_annotation_of_label_studio_counts(read):
    def annotation(label, updated, **more):
        value = {"start": 0, "end": 3, "text": "Ann", "labels": [label]}
        return {"updated_at": updated, "result": [{"type": "labels", "value": value}], **more}

    annotations = [
        annotation("NEW", "2026-02-01"),
        annotation("OLD", "2026-01-01"),
        annotation("SKIPPED", "2026-03-01", was_cancelled=True),
    ]
    (one,) = read("label-studio", [{"data": {"text": "Ann left."}, "annotations": annotations}])
    assert one.entities == ((0, 3, "NEW"),)


def test_older_label_studio_counted_units_of_utf_16(read):
    value = {"start": ACME + 3, "end": ACME + 7, "text": "Acme", "labels": ["ORG"]}
    annotations = [{"result": [{"type": "labels", "value": value}]}]
    (one,) = read("label-studio", [{"data": {"text": TEXT}, "annotations": annotations}])
    assert one.entities == ((ACME, ACME + 4, "ORG"),)


def test_doccano_counts_units_of_utf_16(chosen):
    (task,) = map(json.loads, review_tools()["doccano"].write(chosen).splitlines())
    assert task["label"] == [[ACME + 3, ACME + 7, "ORG"]]
    assert task["el4ner_id"] == "one"


def test_doccano_with_relations_exports_objects(read):
    entity = {"id": 1, "label": "ORG", "start_offset": ACME + 3, "end_offset": ACME + 7}
    (one,) = read("doccano", {"id": 9, "text": TEXT, "entities": [entity], "relations": []})
    assert one == LabelledText("", TEXT, ((ACME, ACME + 4, "ORG"),))


def test_places_within_a_character_or_outside_are_nowhere(read):
    labels = [[1, 4, "A"], [0, 999, "A"], ["0", 2, "A"], [0]]
    (one,) = read("doccano", {"text": TEXT, "label": labels})
    assert {entity[:2] for entity in one.entities} == {(-1, -1)}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("prodigy", '{"text": "no answer"}'),
        ("prodigy", '{"answer": "accept"}'),
        ("prodigy", "[1]"),
        ("prodigy", "{"),
        ("doccano", '{"text": "no labels"}'),
        ("doccano", '{"text": "a", "label": "A"}'),
        ("label-studio", '{"text": "no list"}'),
        ("label-studio", '[{"text": "JSON-MIN", "label": []}]'),
        ("label-studio", "{"),
    ],
)
def test_other_files_are_named(read, name, content):
    with pytest.raises(ValueError, match="EL106"):
        read(name, content)


def test_a_file_in_another_encoding_is_named(tmp_path):
    (tmp_path / "exported").write_bytes(b'{"text": "\xff"}')
    for tool in review_tools().values():
        with pytest.raises(ValueError, match="EL106"):
            list(tool.read(tmp_path / "exported"))


def test_a_file_of_which_most_entities_are_lost_is_refused(read):
    spans = [{"start": 0, "end": 3, "label": "A"}, *[{"start": 4, "end": 8}] * 30]
    with pytest.raises(ValueError, match=r"EL106.*most entities"):
        read("prodigy", [{"text": "Ann left.", "spans": spans, "answer": "accept"}])


def test_the_last_annotation_in_the_file_counts_where_none_has_a_date(read):
    annotations = [
        {
            "result": [
                {"type": "labels", "value": {"start": 0, "end": 3, "text": "Ann", "labels": [label]}}
            ]
        }
        for label in ("FIRST", "LAST")
    ]
    (one,) = read("label-studio", [{"data": {"text": "Ann left."}, "annotations": annotations}])
    assert one.entities == ((0, 3, "LAST"),)
