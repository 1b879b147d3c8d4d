"""Files with one document per line, read as bytes, so that a damaged line does not affect others."""

import codecs
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from spacy_el4ner.errors import EL4NERValueError, Errors

BOM = codecs.BOM_UTF8
WIDE = {
    codecs.BOM_UTF32_LE: "utf-32",
    codecs.BOM_UTF32_BE: "utf-32",
    codecs.BOM_UTF16_LE: "utf-16",
    codecs.BOM_UTF16_BE: "utf-16",
}
"""Byte order mark -> encoding; the longer marks first, because one begins like a shorter one."""
BLOCK = 2**20
HEAD = 2**16
"""Bytes at the beginning of a file that show its encoding."""


def count_lines(path: Path) -> int:
    """path (Path): A file.
    RETURNS (int): Lines that are not blank.
    """
    return sum(1 for _ in read_lines(path))


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """path (Path): A file in UTF-8, or in UTF-16 or UTF-32 with a byte order mark. Lines end in a line
        feed, or, in a file without any, in a carriage return.
    YIELDS (tuple[int, bytes]): Number, from 1, and content in UTF-8 of each line that is not blank.
    RAISES (ValueError): EL230, the file has another encoding.
    """
    for number, line in enumerate(_lines(path), 1):
        bare = line.rstrip(b"\r\n")
        if number == 1:
            bare = bare.removeprefix(BOM)
        if bare.strip():
            yield number, bare


def _lines(path: Path) -> Iterator[bytes]:
    """The lines of a file in UTF-8."""
    with path.open("rb") as file:
        head = file.read(HEAD)
        encoding = next((name for mark, name in WIDE.items() if head.startswith(mark)), None)
        if encoding is None:
            if 8 * head.count(0) > len(head):
                raise EL4NERValueError(Errors.EL230.format(path=path))
            file.seek(0)
            if not (b"\r" in head and _without_line_feeds(file)):
                file.seek(0)
                yield from file
                return
    if encoding is None:
        # Latin-1 keeps every byte as it is while lines are cut at carriage returns.
        with path.open(encoding="latin-1", newline="\r") as text:
            yield from (line.encode("latin-1") for line in text)
        return
    with path.open(encoding=encoding, errors="replace", newline="\n") as text:
        for line in text:
            yield line.encode("utf8", errors="replace")


def _without_line_feeds(file: BinaryIO) -> bool:
    """Whether no byte of a file is a line feed."""
    return not any(b"\n" in block for block in iter(lambda: file.read(BLOCK), b""))


class LineSource:
    """A file with one document per line.

    path (Path): The file.
    """

    def __init__(self, path: Path):
        self.path = path

    def count(self) -> int:
        """RETURNS (int): Lines that are not blank."""
        return count_lines(self.path)

    def items(self) -> Iterator[tuple[int, bytes]]:
        """YIELDS (tuple[int, bytes]): Number and content of each line that is not blank."""
        return read_lines(self.path)
