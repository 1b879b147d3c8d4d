"""Files of a token and its tag a line."""

from pathlib import Path

import pytest

from spacy_el4ner.corpora import report as reasons
from tests.corpora.reading import Ents, ents, read, rows


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


@pytest.mark.parametrize(
    ("lines", "expected", "repairs"),
    [
        pytest.param(
            ["Ann B-PER", "left", "it ", "x O", "y O"],
            [("Ann", "PER")],
            {reasons.NO_TAG: 2},
            id="no tag",
        ),
        pytest.param(
            ["Ann X-PER", "left PER", "it O", *["Lee B-PER"] * 4],
            [("Lee", "PER")] * 4,
            {reasons.UNKNOWN_TAG: 2},
            id="unknown tag",
        ),
        pytest.param(
            ["Ann B-", "left I", "it O", "Lee B-PER", "Bo B-PER"],
            [("Lee", "PER"), ("Bo", "PER")],
            {reasons.BLANK_LABEL: 2},
            id="no label",
        ),
        pytest.param(
            ["Ann I-PER", "Lee I-PER", "left O", "Bo B-PER"],
            [("Ann Lee", "PER"), ("Bo", "PER")],
            {reasons.UNBEGUN: 1},
            id="I first",
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
        pytest.param(
            ["Ann E-PER", "left O", "Bo S-PER"],
            [("Ann", "PER"), ("Bo", "PER")],
            {reasons.UNBEGUN: 1},
            id="E first",
        ),
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


def test_a_stray_short_line_among_numbered_tokens_is_no_crash(tmp_path: Path) -> None:
    words = [("Ann", "B-PER"), ("left", "O"), ("Oslo", "B-LOC"), ("today", "O")]
    numbered = [f"d0\t{n}\t{word}\t{tag}" for n, (word, tag) in enumerate(words, 1)]
    sentence = "\n".join(numbered)
    docs, _ = read(tmp_path, f"{sentence}\n\n" * 20 + f"{sentence}\nstray\n\n{sentence}\n", "a.conll")
    assert ents(docs[0])[0] == ("Ann", "PER")
