import json
from pathlib import Path

import pytest
from spacy.tokens import DocBin

from spacy_el4ner.html_report.inputs import matching, read_annotated, read_sections
from spacy_el4ner.pipeline.attributes import records
from tests.html_report.documents import TEXT, annotated, doc, vote, voted


def test_either_file_of_metrics_will_do(metrics):
    assert [s.title for s in read_sections(metrics)] == ["Ensemble on sample_en", "Fusion on sample_en"]
    (metrics / "ensemble.json").unlink()
    assert [s.title for s in read_sections(metrics)] == ["Fusion on sample_en"]
    (metrics / "fusion.json").unlink()
    with pytest.raises(ValueError, match="EL100"):
        read_sections(metrics)


def test_other_files_are_named(metrics):
    path = metrics / "ensemble.json"
    whole = json.loads(path.read_text())
    empty = {**whole, "rows": {"ensemble": {}}}
    for content in ("{", "[]", json.dumps(empty), json.dumps({"rows": {}})):
        path.write_text(content)
        with pytest.raises(ValueError, match=r"EL101.*ensemble\.json"):
            read_sections(metrics)


def test_documents_keep_what_the_pipeline_wrote(tmp_path):
    made = annotated(TEXT, [("Acme", "ORG", voted(vote("a", "ORG")))], id="one")
    DocBin(docs=[made], store_user_data=True).to_disk(tmp_path / "docs.spacy")
    (read,) = read_annotated(tmp_path / "docs.spacy")
    assert read.user_data["id"] == "one"
    assert list(records(read)) == list(records(made))


def test_files_without_documents_are_named(tmp_path):
    DocBin().to_disk(tmp_path / "empty.spacy")
    with pytest.raises(ValueError, match="EL102"):
        read_annotated(tmp_path / "empty.spacy")
    (tmp_path / "broken.spacy").write_bytes(b"broken")
    with pytest.raises(ValueError, match="EL008"):
        read_annotated(tmp_path / "broken.spacy")
    with pytest.raises(FileNotFoundError):
        read_annotated(tmp_path / "none.spacy")


def test_gold_is_found_by_the_text_and_equal_texts_in_order():
    gold = [doc("B b.", id="1"), doc("A a.", id="2"), doc("B b.", id="3"), doc("C c.", id="4")]
    found = matching([doc("A a."), doc("B b."), doc("B b.")], gold, Path("gold"))
    assert [d.user_data["id"] for d in found] == ["2", "1", "3"]


def test_a_document_without_gold_is_an_error():
    with pytest.raises(ValueError, match=r"EL103\] 1 of the 2 .*C c\."):
        matching([doc("A a."), doc("C c.")], [doc("A a.")], Path("gold"))
