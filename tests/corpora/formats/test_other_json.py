"""JSON of Prodigy, GLiNER, Hugging Face and spaCy."""

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Span

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.options import parse_tag_names
from tests.corpora.reading import ANN, ANN_ENTS, ents, read, read_objects

WORDS = ["Ann", "Lee", "left", "Rome", "."]
ROW_ENTS = [("Ann Lee", "PER"), ("Rome", "LOC")]
TAGS = ["B-PER", "I-PER", "O", "B-LOC", "O"]
NUMBERS = [1, 2, 0, 3, 0]
NAMES = "O,B-PER,I-PER,B-LOC"


def test_gliner_counts_words_and_includes_the_last(tmp_path: Path) -> None:
    row = {"tokenized_text": WORDS, "ner": [[0, 1, "PER"], [3, 3, "LOC"], [4, 9, "LOC"]]}
    docs, report = read(tmp_path, json.dumps([row]), "a.json")
    assert ents(docs[0]) == ROW_ENTS
    assert report.repairs == {reasons.ENTITY_UNREADABLE: 1}


@pytest.mark.parametrize(
    ("tokens", "tags"), [("tokens", "ner_tags"), ("words", "labels"), ("tokens", "tags")]
)
def test_rows_of_tokens_and_tags_are_read(tmp_path: Path, tokens: str, tags: str) -> None:
    docs, _ = read_objects(tmp_path, {tokens: WORDS, tags: TAGS})
    assert ents(docs[0]) == ROW_ENTS


def test_tags_by_number_need_their_names(tmp_path: Path) -> None:
    row = {"tokens": WORDS, "ner_tags": NUMBERS}
    with pytest.raises(ValueError, match=r"EL244.*--tag-names"):
        read_objects(tmp_path, row)
    docs, _ = read_objects(tmp_path, row, tag_names=parse_tag_names(NAMES))
    assert ents(docs[0]) == ROW_ENTS
    lines = "".join(f"{w}\t{n}\n" for w, n in zip(WORDS, NUMBERS, strict=True))
    with pytest.raises(ValueError, match=r"EL240.*--tag-names"):
        read(tmp_path, lines)
    docs, _ = read(tmp_path, lines, tag_names=parse_tag_names(NAMES))
    assert ents(docs[0]) == ROW_ENTS


def test_names_beside_the_data_are_used(tmp_path: Path) -> None:
    feature = {"names": NAMES.split(","), "_type": "ClassLabel"}
    info = {"features": {"ner_tags": {"feature": feature, "_type": "Sequence"}}}
    (tmp_path / "dataset_info.json").write_text(json.dumps(info))
    docs, _ = read_objects(tmp_path, {"tokens": WORDS, "ner_tags": NUMBERS})
    assert ents(docs[0]) == ROW_ENTS


@pytest.mark.parametrize(
    "content",
    [
        json.dumps(NAMES.split(",")),
        json.dumps({str(n): name for n, name in enumerate(NAMES.split(","))}),
        json.dumps({name: n for n, name in enumerate(NAMES.split(","))}),
        json.dumps([{"id": n, "text": name} for n, name in enumerate(NAMES.split(","))]),
        NAMES.replace(",", "\n"),
    ],
)
def test_names_may_stand_in_a_file(tmp_path: Path, content: str) -> None:
    (tmp_path / "names").write_text(content)
    assert parse_tag_names(str(tmp_path / "names")) == parse_tag_names(NAMES)


def test_rows_of_uneven_length_are_counted(tmp_path: Path) -> None:
    row = {"tokens": WORDS, "ner_tags": TAGS}
    docs, report = read_objects(tmp_path, row, {**row, "tokens": WORDS[1:]}, row)
    assert len(docs) == 2
    assert report.repairs == {reasons.TAGS_UNEVEN: 1}


@pytest.mark.parametrize("tuples", [1, 3])
@pytest.mark.parametrize("form", ["lines", "list", "container"])
def test_spacy_tuples_are_read(tmp_path: Path, tuples: int, form: str) -> None:
    pairs: list[Any] = [[ANN["text"], {"entities": ANN["entities"]}]] * tuples
    content = {
        "lines": "\n".join(map(json.dumps, pairs)),
        "list": json.dumps(pairs),
        "container": json.dumps({"classes": ["PER"], "annotations": [*pairs, None]}),
    }[form]
    docs, _ = read(tmp_path, content, "a.json")
    assert [ents(doc) for doc in docs] == [ANN_ENTS] * tuples


def test_spacys_older_training_files_are_read(tmp_path: Path) -> None:
    tokens = [
        {"id": n, "orth": w, "ner": t} for n, (w, t) in enumerate([("Ann", "U-PER"), ("left", "O")])
    ]
    data = [{"id": 0, "paragraphs": [{"raw": "Ann left", "sentences": [{"tokens": tokens}]}]}]
    docs, _ = read(tmp_path, json.dumps(data), "a.json")
    assert ents(docs[0]) == [("Ann", "PER")]


def test_doc_to_json_comes_back_with_its_own_tokens(tmp_path: Path) -> None:
    doc = spacy.blank("en")("Ann  left\nNew York-based Acme.")
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[4:6])
    doc.ents = [Span(doc, 0, 1, label="PER"), Span(doc, 4, 5, label="LOC")]
    docs, report = read_objects(tmp_path, doc.to_json())
    assert [t.text_with_ws for t in docs[0]] == [t.text_with_ws for t in doc]
    assert ents(docs[0]) == ents(doc)
    assert report.repairs == {}


def test_what_annotate_failed_on_is_skipped(tmp_path: Path) -> None:
    good = {"id": 1, "text": "Ann left.", "ents": [{"start": 0, "end": 3, "label": "PER"}], "meta": {}}
    docs, report = read_objects(tmp_path, good, {**good, "ents": [], "error": "down"})
    assert [ents(doc) for doc in docs] == [[("Ann", "PER")]]
    assert report.repairs == {reasons.NOT_ACCEPTED: 1}


@pytest.mark.parametrize("answers", [("accept", "reject"), (None, "ignore")])
def test_prodigy_tasks_are_read_with_an_answer_or_without(tmp_path: Path, answers: Any) -> None:
    spans = [{"start": 0, "end": 3, "label": "PER", "token_start": 0, "token_end": 0}]
    tasks = [{"text": "Ann left.", "spans": spans} | ({"answer": a} if a else {}) for a in answers]
    docs, report = read_objects(tmp_path, *tasks, {"text": "It rained.", "answer": "accept"})
    assert [ents(doc) for doc in docs] == [[("Ann", "PER")], []]
    assert report.repairs == {reasons.NOT_ACCEPTED: 1}


def test_offsets_that_are_plainly_utf16_are_refused_unless_said(tmp_path: Path) -> None:
    record = {"text": "😀 Ann met Bo.", "entities": [[3, 6, "PER"], [11, 13, "PER"]]}
    with pytest.raises(ValueError, match=r"EL246.*--offsets utf16"):
        read_objects(tmp_path, record)
    docs, _ = read_objects(tmp_path, record, offsets="utf16")
    assert ents(docs[0]) == [("Ann", "PER"), ("Bo", "PER")]


def test_entities_that_are_at_no_tokens_of_the_language_are_refused(tmp_path: Path) -> None:
    record = {"text": "魏無忌死", "entities": [[0, 1, "NG"], [1, 3, "NR"]]}
    with pytest.raises(ValueError, match=r"EL248.*--lang"):
        read_objects(tmp_path, record)
