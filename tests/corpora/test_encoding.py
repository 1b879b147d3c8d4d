"""Encodings: read as they say, or refused with a proposal."""

from pathlib import Path

import pytest

from spacy_el4ner.corpora import report as reasons
from tests.corpora.reading import ents, read, rows, words_of

RUSSIAN = (
    "Вчера вечером Анна приехала в старый город на берегу реки , где её давно ждали друзья и родные"
)


def test_a_broken_byte_among_sound_ones_is_replaced(tmp_path: Path) -> None:
    docs, report = read(tmp_path, b"Ann\xf0\tB-PER\n" + "né\tO\n".encode() * 20)
    assert docs[0][0].text == "Ann\ufffd"
    assert report.repairs == {reasons.BAD_BYTES: 1}


@pytest.mark.parametrize(
    ("text", "encoding", "proposed"),
    [
        ("Jörg\tB-PER\n" + "geht\tO\n" * 200, "latin-1", "latin-1"),
        ("“Jörg”\tB-PER\ngeht\tO\n", "cp1252", "cp1252"),
        (rows(*(f"{word} O" for word in RUSSIAN.split())), "cp1251", "cp1251"),
        ("魏無忌者\tB-PER\n死\tO\n" * 30, "gb18030", "gb18030"),
        ("Ann\tB-PER\nleft\tO\n", "utf-16-le", "utf-16-le"),
        ("Ann\tB-PER\nleft\tO\n", "utf-16-be", "utf-16-be"),
    ],
)
def test_another_encoding_is_proposed_and_not_guessed(
    tmp_path: Path, text: str, encoding: str, proposed: str
) -> None:
    with pytest.raises(ValueError, match=rf"EL241.*--encoding {proposed}"):
        read(tmp_path, text.encode(encoding))
    docs, _ = read(tmp_path, text.encode(encoding), encoding=encoding)
    assert words_of(docs) == [line.split("\t")[0] for line in text.split("\n") if line]


def test_an_encoding_that_does_not_fit_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="EL241"):
        read(tmp_path, "né\tO\n".encode("latin-1"), encoding="utf-8")
    with pytest.raises(ValueError, match=r"EL245.*klingon"):
        read(tmp_path, "né\tO\n", encoding="klingon")


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r", "\r\r\n"])
def test_lines_end_in_any_way(tmp_path: Path, end: str) -> None:
    docs, _ = read(tmp_path, end.join(["Ann\tB-PER", "left\tO", "", "It\tO", ""]))
    assert [doc.text for doc in docs] == ["Ann left", "It"]


def test_what_a_byte_order_mark_names_is_read(tmp_path: Path) -> None:
    for encoding in ("utf-16", "utf-32"):
        docs, _ = read(tmp_path, rows("楚 S-NG").encode(encoding))
        assert ents(docs[0]) == [("楚", "NG")]
