"""Corpora: every format is read, every repair is counted, no text is lost."""

import json
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import spacy
import srsly
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab
from typer.testing import CliRunner

from spacy_el4ner.cli.convert import convert
from spacy_el4ner.corpora import (
    Report,
    make_corpus_v1,
    read_docs,
    read_splits,
    unannotated,
    write_splits,
)
from spacy_el4ner.corpora import report as reasons

DATA = Path(__file__).parents[1].parent / "shared" / "data"
NLP = spacy.blank("en")
ANN = {"text": "Ann left Paris.", "entities": [[0, 3, "PER"], [9, 14, "LOC"]]}
ANN_ENTS = [("Ann", "PER"), ("Paris", "LOC")]

Ents = list[tuple[str, str]]


def read(folder: Path, content: str | bytes, name: str = "a.conll") -> tuple[list[Doc], Report]:
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    report = Report()
    return read_docs(path, nlp=NLP, report=report), report


def read_objects(folder: Path, *objects: Any) -> tuple[list[Doc], Report]:
    return read(folder, "\n".join(json.dumps(o) for o in objects), "a.jsonl")


def ents(doc: Doc) -> Ents:
    return [(ent.text, ent.label_) for ent in doc.ents]


def rows(*pairs: str) -> str:
    """Lines of tokens and tags, each pair given as "token tag"."""
    return "".join("\t".join(pair.split(" ")) + "\n" for pair in pairs)


# Formats


@pytest.mark.parametrize(
    "tags",
    [
        pytest.param("B-PER I-PER I-PER O B-LOC", id="BIO"),
        pytest.param("B-PER I-PER L-PER O U-LOC", id="BILUO"),
        pytest.param("B-PER M-PER E-PER O S-LOC", id="BMES"),
        pytest.param("B-PER I-PER E-PER O S-LOC", id="BIOES"),
        pytest.param("b-PER i-PER i-PER o b-LOC", id="lower case"),
        pytest.param("B_PER I_PER I_PER O B_LOC", id="underscore"),
    ],
)
def test_token_files_are_read_in_every_scheme(tmp_path: Path, tags: str) -> None:
    words = ["Ann", "van", "Gogh", "left", "Paris"]
    lines = (f"{word} {tag}" for word, tag in zip(words, tags.split(), strict=True))
    docs, report = read(tmp_path, rows(*lines))
    assert ents(docs[0]) == [("Ann van Gogh", "PER"), ("Paris", "LOC")]
    assert report.repairs == {}


@pytest.mark.parametrize("suffix", ["conll", "bio", "bmes", "iob", "tsv", "txt", "TXT"])
def test_token_files_are_known_by_their_names(tmp_path: Path, suffix: str) -> None:
    docs, _ = read(tmp_path, rows("Ann B-PER"), f"a.{suffix}")
    assert ents(docs[0]) == [("Ann", "PER")]


def test_a_label_may_hold_a_hyphen(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, rows("Tosca B-creative-work"))
    assert ents(docs[0]) == [("Tosca", "creative-work")]


def test_a_blank_line_ends_a_document(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, "Ann\tB-PER\n\nPaul\tI-PER\n\t\nleft\tO\n \n\n")
    assert [doc.text for doc in docs] == ["Ann", "Paul", "left"]


def test_a_block_is_one_sentence(tmp_path: Path) -> None:
    docs, report = read(tmp_path, rows("Mr O", ". O", "Ann B-PER"))
    assert [s.text for s in docs[0].sents] == ["Mr . Ann"]
    assert report.sentences == 1


def test_further_columns_are_passed_over(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, "Ann\tNNP\tB-NP\tB-PER\nleft\tVBD\tO\tO\n")
    assert (docs[0].text, ents(docs[0])) == ("Ann left", [("Ann", "PER")])


def test_columns_may_be_parted_by_spaces(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, "Ann NNP B-PER\nleft VBD O\n")
    assert (docs[0].text, ents(docs[0])) == ("Ann left", [("Ann", "PER")])


def test_a_stray_space_for_a_tab_still_parts_the_tag(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, "Ann B-PER\nleft\tO\n")
    assert (docs[0].text, ents(docs[0])) == ("Ann left", [("Ann", "PER")])


def test_a_token_may_hold_a_space(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, "New York\tB-LOC\nwas New\nso\tO\n")
    assert [token.text for token in docs[0]] == ["New York", "was New", "so"]


def test_separators_other_than_line_feeds_are_text(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, "a\u2028b\tO\r\n\x0c\tO\r\n")
    assert [token.text for token in docs[0]] == ["a\u2028b", "\x0c"]


def test_chinese_tokens_are_joined_without_spaces(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, rows("楚 S-NG", "使 O", "怒 O", "。 O"))
    assert docs[0].text == "楚使怒。"


def test_korean_tokens_are_joined_with_spaces(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, rows("서울은 B-LOC", "크다 O"))
    assert docs[0].text == "서울은 크다"


def test_a_long_block_is_cut_after_sentences(tmp_path: Path) -> None:
    text = "「吾往矣。」曰：「善！？』）" + "子" * 200
    docs, report = read(tmp_path, rows(*(f"{char} O" for char in text)))
    assert [doc.text for doc in docs] == ["「吾往矣。」", "曰：「善！？』）", "子" * 200]
    assert report.repairs == {reasons.LONG_BLOCK: 1}


def test_no_entity_is_cut(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, rows("Yahoo B-ORG", "! I-ORG", "Inc I-ORG", *["x O"] * 200))
    assert [ents(doc) for doc in docs] == [[("Yahoo ! Inc", "ORG")]]


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


def test_docbin_is_read(tmp_path: Path) -> None:
    docs, _ = read_objects(tmp_path, {**ANN, "id": "x"}, ANN)
    del docs[1].user_data["id"]
    (tmp_path / "b.spacy").write_bytes(DocBin(docs=docs, store_user_data=True).to_bytes())
    again = read_docs(tmp_path / "b.spacy")
    assert [ents(doc) for doc in again] == [ANN_ENTS, ANN_ENTS]
    assert [doc.user_data["id"] for doc in again] == ["x", "b-1"]


@pytest.mark.parametrize("name", ["a.jsonl", "a.conll", "a.spacy"])
def test_documents_take_the_vocab_given(tmp_path: Path, name: str) -> None:
    docs, _ = read_objects(tmp_path, ANN)
    (tmp_path / "a.spacy").write_bytes(DocBin(docs=docs).to_bytes())
    (tmp_path / "a.conll").write_text(rows("Ann B-PER"), encoding="utf-8")
    vocab = Vocab()
    assert all(doc.vocab is vocab for doc in read_docs(tmp_path / name, vocab, lang="en"))


# Repairs of token files


@pytest.mark.parametrize(
    ("lines", "expected", "repairs"),
    [
        pytest.param(["Ann B-PER", "left", "it "], [("Ann", "PER")], {reasons.NO_TAG: 2}, id="no tag"),
        pytest.param(["Ann X-PER", "left PER", "it O"], [], {reasons.UNKNOWN_TAG: 2}, id="unknown tag"),
        pytest.param(["Ann B-", "left I", "it O"], [], {reasons.BLANK_LABEL: 2}, id="no label"),
        pytest.param(
            ["Ann I-PER", "Lee I-PER"], [("Ann Lee", "PER")], {reasons.UNBEGUN: 1}, id="I first"
        ),
        pytest.param(
            ["Ann B-PER", "Ltd I-ORG"],
            [("Ann", "PER"), ("Ltd", "ORG")],
            {reasons.UNBEGUN: 1},
            id="I of another label",
        ),
        pytest.param(
            ["Ann M-PER", "Lee E-PER", "x O"],
            [("Ann Lee", "PER")],
            {reasons.UNBEGUN: 1},
            id="M first",
        ),
        pytest.param(["Ann E-PER", "left O"], [("Ann", "PER")], {reasons.UNBEGUN: 1}, id="E first"),
        pytest.param(
            ["Ann B-PER", "Lee M-PER", "left O", "Paris S-LOC"],
            [("Ann Lee", "PER"), ("Paris", "LOC")],
            {reasons.UNCLOSED: 1},
            id="B before O",
        ),
        pytest.param(
            ["Ann B-PER", "Paris S-LOC"],
            [("Ann", "PER"), ("Paris", "LOC")],
            {reasons.UNCLOSED: 1},
            id="B before S",
        ),
        pytest.param(
            ["Ann U-PER", "Lee B-PER"],
            [("Ann", "PER"), ("Lee", "PER")],
            {reasons.UNCLOSED: 1},
            id="B at the end",
        ),
    ],
)
def test_broken_tags_are_repaired(
    tmp_path: Path, lines: list[str], expected: Ents, repairs: dict[str, int]
) -> None:
    docs, report = read(tmp_path, rows(*lines))
    assert ents(docs[0]) == expected
    assert [token.text for token in docs[0]] == [line.split(" ")[0] for line in lines]
    assert report.repairs == repairs


def test_a_byte_order_mark_is_removed_from_any_line(tmp_path: Path) -> None:
    docs, report = read(tmp_path, "\ufeffAnn\tB-PER\n\n\ufeffLee\ufeff\tO\n")
    assert [doc.text for doc in docs] == ["Ann", "Lee\ufeff"]
    assert report.repairs == {reasons.BOM: 2}


def test_a_line_without_a_token_is_skipped(tmp_path: Path) -> None:
    docs, report = read(tmp_path, "Ann\tB-PER\n\tI-PER\nleft\tO\n")
    assert docs[0].text == "Ann left"
    assert report.repairs == {reasons.NO_TOKEN: 1}


def test_a_token_of_white_space_is_kept_and_is_no_entity(tmp_path: Path) -> None:
    docs, report = read(tmp_path, "\u3000\tB-NR\n魏\tI-NR\n\u3000\tS-NR\n")
    assert docs[0].text == "\u3000魏\u3000"
    assert ents(docs[0]) == [("魏", "NR")]
    assert report.repairs == {reasons.ENTITY_SPACE: 2, reasons.UNCLOSED: 1}


def test_white_space_around_a_token_is_removed(tmp_path: Path) -> None:
    docs, report = read(tmp_path, " Ann \t B-PER \n")
    assert (docs[0].text, ents(docs[0])) == ("Ann", [("Ann", "PER")])
    assert report.repairs == {reasons.TOKEN_SPACE: 1}


def test_comments_and_document_marks_are_no_text(tmp_path: Path) -> None:
    docs, report = read(tmp_path, "-DOCSTART- -X- O\n# id 7\nAnn NNP B-PER\n# SYM O\n#\n")
    assert [doc.text for doc in docs] == ["Ann # #"]
    assert report.repairs == {reasons.DOCUMENT_MARK: 1, reasons.COMMENT: 1, reasons.NO_TAG: 1}


def test_a_broken_byte_is_replaced(tmp_path: Path) -> None:
    docs, report = read(tmp_path, b"Ann\xf0\tB-PER\n" + b"left\tO\n" * 20)
    assert docs[0][0].text == "Ann\ufffd"
    assert report.repairs == {reasons.BAD_BYTES: 1}


def test_utf16_is_read(tmp_path: Path) -> None:
    docs, _ = read(tmp_path, rows("楚 S-NG").encode("utf-16"))
    assert ents(docs[0]) == [("楚", "NG")]


# Repairs of JSONL


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
    docs, report = read_objects(tmp_path, {"text": ANN["text"], "entities": entities})
    assert ents(docs[0]) == expected
    assert report.repairs == repairs


def test_lines_that_are_no_objects_are_skipped(tmp_path: Path) -> None:
    lines = ["{", "[1]", "", "null", '"text"', json.dumps(ANN), "[" * 100_000]
    docs, report = read(tmp_path, "\n".join(lines), "a.jsonl")
    assert len(docs) == 1
    assert report.repairs == {reasons.NOT_AN_OBJECT: 5}


def test_objects_without_a_text_are_skipped(tmp_path: Path) -> None:
    docs, report = read_objects(tmp_path, {}, {"text": ""}, {"text": 7}, ANN)
    assert len(docs) == 1
    assert report.repairs == {reasons.NO_TEXT: 3}


def test_objects_without_entities_are_counted(tmp_path: Path) -> None:
    docs, report = read_objects(tmp_path, {"text": "Ann", "label": "news"})
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


# Reports and errors


def test_the_report_counts(tmp_path: Path) -> None:
    _, report = read(tmp_path, rows("Ann B-PER", "met O", "Lee B-PER", "in", "Rome B-LOC"))
    assert report.to_dict() == {
        "documents": 1,
        "sentences": 1,
        "tokens": 5,
        "entities": 3,
        "labels": {"PER": 2, "LOC": 1},
        "repairs": {reasons.NO_TAG: 1},
    }
    assert report.lines() == [
        "documents: 1, sentences: 1, tokens: 5, entities: 3",
        "labels: LOC 1, PER 2",
        f"{reasons.NO_TAG}: 1",
    ]


def test_without_a_report_repairs_are_logged(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spacy.util.logger, "propagate", True)
    path = tmp_path / "a.conll"
    path.write_text("Ann\tB-PER\nleft\n", encoding="utf-8")
    read_docs(path)
    assert caplog.messages == [f"{path}: {reasons.NO_TAG}: 1"]


@pytest.mark.parametrize("name", ["a.conll", "a.jsonl"])
def test_an_empty_file_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(ValueError, match="EL007"):
        read(tmp_path, "\n", name)


@pytest.mark.parametrize("name", ["absent.conll", "a.csv", "folder"])
def test_no_corpus_is_an_error(tmp_path: Path, name: str) -> None:
    (tmp_path / "a.csv").write_text("Ann,B-PER", encoding="utf-8")
    (tmp_path / "folder").mkdir()
    with pytest.raises(ValueError, match="EL007"):
        read_docs(tmp_path / name)


@pytest.mark.parametrize(
    ("name", "content", "line"),
    [
        pytest.param("a.txt", b"Ann left.\nShe came back.\n", 1, id="prose"),
        pytest.param("a.txt", "楚\tO\n使\tO\n".encode("gbk"), 1, id="another encoding"),
        pytest.param("a.jsonl", b"{\n[", 1, id="nothing usable"),
        pytest.param("a.spacy", b"Ann", 1, id="no DocBin"),
    ],
)
def test_what_cannot_be_repaired_is_an_error(
    tmp_path: Path, name: str, content: bytes, line: int
) -> None:
    with pytest.raises(ValueError, match=rf"EL008.*{name}, line {line}: "):
        read(tmp_path, content, name)


# Splits


def numbered(folder: Path, name: str, count: int) -> None:
    lines = "\n".join(f"{name}{n}\tB-X\n" for n in range(count))
    (folder / f"{name}.conll").write_text(lines, encoding="utf-8")


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
    with pytest.raises(ValueError, match="EL007"):
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


# Examples


def test_unannotated_keeps_tokens_sentences_and_id_alone(tmp_path: Path) -> None:
    data = {**ANN, "id": "x", "genre": "news", "sentences": [[0, 4], [4, 15]]}
    docs, _ = read_objects(tmp_path, data)
    bare = unannotated(docs[0])
    assert [t.text_with_ws for t in bare] == [t.text_with_ws for t in docs[0]]
    assert [s.start for s in bare.sents] == [s.start for s in docs[0].sents] == [0, 1]
    assert not bare.ents
    assert not bare.has_annotation("ENT_IOB")
    assert dict(bare.user_data) == {"id": "x"}


def test_the_reader_yields_examples(tmp_path: Path) -> None:
    read_objects(tmp_path, ANN, ANN, ANN)
    examples = list(make_corpus_v1(str(tmp_path / "a.jsonl"), limit=2)(NLP))
    assert len(examples) == 2
    assert ents(examples[0].reference) == ANN_ENTS
    assert not examples[0].predicted.ents
    assert examples[0].predicted.vocab is NLP.vocab


def test_the_reader_takes_a_language_of_its_own(tmp_path: Path) -> None:
    read_objects(tmp_path, {"text": "楚使怒", "entities": []})
    example = next(make_corpus_v1(str(tmp_path / "a.jsonl"), lang="zh")(NLP))
    assert len(example.reference) == 3
    assert example.reference.vocab is NLP.vocab


# The command


def run(*arguments: str) -> tuple[int, str]:
    app = typer.Typer()
    app.command()(convert)
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_convert_writes_and_tells(tmp_path: Path) -> None:
    for name in ("train", "dev", "test"):
        numbered(tmp_path, name, 3)
    (tmp_path / "dev.conll").write_text("Ann\tB-PER\nleft\n", encoding="utf-8")
    code, output = run(str(tmp_path), str(tmp_path / "out"))
    assert code == 0
    assert "documents: 3, sentences: 3, tokens: 3, entities: 3" in output
    assert "labels: PER 1" in output
    assert f"{reasons.NO_TAG}: 1" in output
    assert ents(read_docs(tmp_path / "out" / "dev.spacy")[0]) == [("Ann", "PER")]


@pytest.mark.parametrize(("lang", "said"), [("en", "EL007"), ("qq", "E048")])
def test_convert_fails_with_a_message(tmp_path: Path, lang: str, said: str) -> None:
    code, output = run(str(tmp_path), str(tmp_path / "out"), "--lang", lang)
    assert code == 1
    assert said in output
    assert not (tmp_path / "out").exists()


# Properties

LABELS = st.sampled_from(["PER", "LOC", "creative-work"])
WORDS = st.text("abc楚。.!」 \u3000-", min_size=1, max_size=3).filter(str.strip).map(str.strip)
SCHEMES = {"BIO": "BIIB", "BILUO": "BILU", "BMES": "BMES", "BIOES": "BIES"}


@st.composite
def annotated(draw: st.DrawFn) -> tuple[list[str], list[tuple[int, int, str]]]:
    """Words, and entities over them: first word, one past the last, label."""
    words: list[str] = []
    entities = []
    for length, label in draw(st.lists(st.tuples(st.integers(1, 60), LABELS | st.none()), min_size=1)):
        if label:
            entities.append((len(words), len(words) + length, label))
        words += draw(st.lists(WORDS, min_size=length, max_size=length))
    return words, entities


def write_tags(length: int, entities: list[tuple[int, int, str]], scheme: str) -> list[str]:
    begin, inside, end, single = list(SCHEMES[scheme])
    tags = ["O"] * length
    for start, stop, label in entities:
        prefixes = begin + inside * (stop - start - 2) + end if stop - start > 1 else single
        tags[start:stop] = [f"{prefix}-{label}" for prefix in prefixes]
    return tags


def read_temporary(content: str, name: str) -> tuple[list[Doc], Report]:
    with TemporaryDirectory() as folder:
        return read(Path(folder), content, name)


@pytest.mark.parametrize("scheme", SCHEMES)
@settings(deadline=None, max_examples=50)
@given(data=annotated())
def test_entities_survive_tags(scheme: str, data: tuple[list[str], list[tuple[int, int, str]]]) -> None:
    words, entities = data
    tags = write_tags(len(words), entities, scheme)
    content = "".join(f"{word}\t{tag}\n" for word, tag in zip(words, tags, strict=True))
    docs, report = read_temporary(content, "a.txt")
    found, offset = [], 0
    for doc in docs:
        found += [(e.start + offset, e.end + offset, e.label_) for e in doc.ents]
        offset += len(doc)
    assert found == entities
    assert [token.text for doc in docs for token in doc] == words
    assert set(report.repairs) <= {reasons.LONG_BLOCK}


TAGS = st.sampled_from([f"{p}-{x}" for p in "BIMELSUX" for x in ("A", "B", "")]) | st.just("")


@settings(deadline=None, max_examples=100)
@given(pairs=st.lists(st.tuples(WORDS, TAGS), min_size=1))
def test_broken_tags_lose_no_token(pairs: list[tuple[str, str]]) -> None:
    lines = [("x", "O"), *pairs]
    docs, report = read_temporary("".join(f"{w}\t{t}\n" for w, t in lines), "a.bmes")
    assert [token.text for doc in docs for token in doc] == [word for word, _ in lines]
    assert report.entities >= sum(tag[:2] in ("B-", "S-", "U-") and len(tag) > 2 for _, tag in pairs)


@settings(deadline=None, max_examples=100)
@given(content=st.text("aO\t\n\r -B楚#{}\ufeff\u3000\x85", max_size=40))
def test_any_token_file_is_read_or_refused(content: str) -> None:
    try:
        docs, _ = read_temporary(content, "a.txt")
    except ValueError as error:
        assert str(error).startswith("[EL00")  # noqa: PT017
    else:
        assert docs


OFFSETS = st.integers(-2, 12)
JUNK: st.SearchStrategy[Any] = st.one_of(
    st.none(), st.booleans(), OFFSETS, st.floats(), st.text(max_size=3), st.just([])
)
ENTITY = st.tuples(OFFSETS, OFFSETS, LABELS) | st.lists(JUNK, max_size=4) | JUNK


@settings(deadline=None, max_examples=100)
@given(
    text=st.text(max_size=10),
    entities=st.lists(ENTITY, max_size=4) | JUNK,
    sentences=st.lists(st.tuples(OFFSETS, OFFSETS) | JUNK, max_size=3) | JUNK,
)
def test_any_object_keeps_its_text(text: str, entities: Any, sentences: Any) -> None:
    data = {"text": text, "entities": entities, "sentences": sentences}
    content = "\n".join(json.dumps(o) for o in (data, ANN))
    docs, _ = read_temporary(content, "a.jsonl")
    kept = [text] if text else []
    assert [doc.text for doc in docs] == [*kept, ANN["text"]]


# Published corpora


@pytest.mark.parametrize(
    "name",
    [
        "evahan2025/trainset_A.txt",
        "evahan2025/trainset_B.txt",
        "wnut17/train.conll",
        "wnut17/dev.conll",
        "wnut17/test.conll",
        "crossner/politics/train.txt",
        "crossner/politics/dev.txt",
        "crossner/politics/test.txt",
    ],
)
def test_published_corpora_lose_no_character(name: str) -> None:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{path} is not here: it is for measuring, and no part of the project")
    lines = path.read_text(encoding="utf-8").split("\n")
    tokens = [line.lstrip("\ufeff").split("\t")[0] for line in lines]
    tags = [line.split("\t")[-1] for line in lines]
    report = Report()
    docs = read_docs(path, nlp=NLP, report=report)
    assert [token.text for doc in docs for token in doc] == [token for token in tokens if token]
    begun = sum(tag.startswith(("B-", "S-")) for tag in tags)
    assert report.entities == begun + report.repairs.get(reasons.UNBEGUN, 0)
