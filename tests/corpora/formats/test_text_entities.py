"""JSON objects with a text and its entities."""

import json
from pathlib import Path
from typing import Any

import pytest
from spacy.tokens import DocBin

from spacy_el4ner.corpora import read_docs
from spacy_el4ner.corpora import report as reasons
from tests.corpora.reading import ANN, ANN_ENTS, NLP, Ents, ents, read, read_objects


def test_jsonl_is_read(tmp_path: Path) -> None:
    docs, report = read_objects(tmp_path, ANN)
    assert (docs[0].text, ents(docs[0])) == (ANN["text"], ANN_ENTS)
    assert report.repairs == {}


def test_jsonl_is_known_by_its_content(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, "\n" + json.dumps(ANN), "a.txt")
    assert ents(docs[0]) == ANN_ENTS


@pytest.mark.parametrize(
    ("key", "entities"),
    [
        pytest.param("label", [[0, 3, "PER"]], id="doccano label"),
        pytest.param("labels", [[0, 3, "PER"]], id="doccano labels"),
        pytest.param("spans", [{"start": 0, "end": 3, "label": "PER"}], id="Prodigy"),
        pytest.param(
            "entities",
            [{"id": 7, "start_offset": 0, "end_offset": 3, "label": "PER"}],
            id="objects",
        ),
    ],
)
def test_jsonl_of_other_tools_is_read(tmp_path: Path, key: str, entities: list[Any]) -> None:
    docs, report = read_objects(tmp_path, {"text": "Ann left.", key: entities})
    assert ents(docs[0]) == [("Ann", "PER")]
    assert report.repairs == {}


def test_jsonl_sentences_are_marked(tmp_path: Path) -> None:
    data = {"text": "A. B left.\nC came ", "sentences": [[0, 10], [11, 18]], "entities": []}
    docs, report = read_objects(tmp_path, data)
    assert [s.text.strip() for s in docs[0].sents] == ["A. B left.", "C came"]
    assert report.sentences == 2
    assert report.repairs == {}


def test_jsonl_without_sentences_marks_none(tmp_path: Path) -> None:
    docs, report = read_objects(tmp_path, ANN)
    assert not docs[0].has_annotation("SENT_START")
    assert "sentences: not marked" in report.lines()[0]


def test_every_other_token_is_gold_outside(tmp_path: Path) -> None:
    docs, _ = read_objects(tmp_path, ANN)
    assert [token.ent_iob_ for token in docs[0]] == ["B", "O", "B", "O"]


def test_ids_and_genres_are_kept(tmp_path: Path) -> None:
    docs, _ = read_objects(tmp_path, {**ANN, "id": 7, "genre": "news"}, ANN)
    assert [dict(doc.user_data) for doc in docs] == [{"id": "7", "genre": "news"}, {"id": "a-1"}]


def test_chinese_jsonl_is_cut_into_characters(tmp_path: Path) -> None:
    path = tmp_path / "a.jsonl"
    path.write_text('{"text": "楚使怒去", "entities": [[0, 1, "NG"]]}', encoding="utf-8")
    docs = read_docs(path, lang="zh")
    assert [token.text for token in docs[0]] == list("楚使怒去")


@pytest.mark.parametrize(
    ("entities", "expected", "repairs"),
    [
        pytest.param([[9, 16, "LOC"]], [], {reasons.ENTITY_OUTSIDE: 1}, id="past the text"),
        pytest.param([[-3, 3, "PER"]], [], {reasons.ENTITY_OUTSIDE: 1}, id="before the text"),
        pytest.param([[3, 3, "PER"]], [], {reasons.ENTITY_OUTSIDE: 1}, id="empty"),
        pytest.param([[3, 4, "PER"]], [], {reasons.ENTITY_OUTSIDE: 1}, id="a space"),
        pytest.param(
            [[1, 2, "PER"]], [("Ann", "PER")], {reasons.ENTITY_MISALIGNED: 1}, id="misaligned"
        ),
        pytest.param([[0, 4, "PER"]], [("Ann", "PER")], {reasons.ENTITY_SPACE: 1}, id="space"),
        pytest.param(
            [[0, 3, "PER"], [0, 8, "X"]],
            [("Ann left", "X")],
            {reasons.ENTITY_OVERLAP: 1},
            id="long",
        ),
        pytest.param(
            [[0, 3, "A"], [0, 3, "B"]], [("Ann", "A")], {reasons.ENTITY_OVERLAP: 1}, id="twice"
        ),
        pytest.param(
            [[0, 3], ["0", "3", "X"], [0, 3, " "], [0, True, "X"], [0, 3, None], None, "X", {}],
            [],
            {reasons.ENTITY_UNREADABLE: 8},
            id="unreadable",
        ),
    ],
)
def test_broken_entities_are_repaired(
    tmp_path: Path, entities: list[Any], expected: Ents, repairs: dict[str, int]
) -> None:
    docs, report = read_objects(tmp_path, {"text": ANN["text"], "entities": entities}, *[ANN] * 4)
    assert ents(docs[0]) == expected
    assert report.repairs == repairs


def test_lines_that_are_no_objects_are_skipped(tmp_path: Path) -> None:
    lines = ["{", "[1]", "", "null", '"text"', "[" * 100_000, *[json.dumps(ANN)] * 6]
    docs, report = read(tmp_path, "\n".join(lines), "a.jsonl")
    assert len(docs) == 6
    assert report.repairs == {reasons.NOT_AN_OBJECT: 4, reasons.NO_TEXT: 1}


def test_objects_without_a_text_are_skipped(tmp_path: Path) -> None:
    docs, report = read_objects(tmp_path, {}, {"text": ""}, {"text": 7}, *[ANN] * 3)
    assert len(docs) == 3
    assert report.repairs == {reasons.NO_TEXT: 3}


def test_objects_without_entities_are_counted(tmp_path: Path) -> None:
    docs, report = read_objects(tmp_path, {"text": "Ann", "label": "news"}, ANN)
    assert docs[0].text == "Ann"
    assert report.repairs == {reasons.NO_ENTITIES: 1}


def test_what_an_annotator_rejected_is_skipped(tmp_path: Path) -> None:
    answers = ("accept", "reject", "ignore")
    docs, report = read_objects(tmp_path, *({**ANN, "answer": answer} for answer in answers))
    assert len(docs) == 1
    assert report.repairs == {reasons.NOT_ACCEPTED: 2}


@pytest.mark.parametrize("sentences", ["x", [[0, 99]], ["x"], [[5, 5]]])
def test_broken_sentences_are_skipped(tmp_path: Path, sentences: Any) -> None:
    docs, report = read_objects(tmp_path, {**ANN, "sentences": sentences})
    assert not docs[0].has_annotation("SENT_START")
    assert report.repairs == {reasons.SENTENCE_UNREADABLE: 1}


def test_half_a_surrogate_pair_is_replaced(tmp_path: Path) -> None:
    data = {"text": "\ud83d Ann", "entities": [[2, 5, "P\udc00"]], "id": "\ud800"}
    docs, report = read_objects(tmp_path, data)
    assert (docs[0].text, ents(docs[0])) == ("\ufffd Ann", [("Ann", "P\ufffd")])
    assert DocBin(docs=docs, store_user_data=True).to_bytes()
    assert report.repairs == {reasons.LONE_SURROGATE: 3}


def test_a_text_longer_than_a_parser_takes_is_read(tmp_path: Path) -> None:
    docs, _ = read_objects(tmp_path, {"text": "ab " * (NLP.max_length // 3 + 1), "entities": []})
    assert len(docs[0].text) > NLP.max_length
