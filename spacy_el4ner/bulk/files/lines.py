"""Files with one document per line, read as bytes, so that a damaged line does not affect others."""

import codecs
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from spacy_el4ner.bulk.files.places import START, Place, SourceIndex
from spacy_el4ner.errors import EL4NERValueError, Errors

BOM = codecs.BOM_UTF8
WIDE = {
    codecs.BOM_UTF32_LE: "utf-32-le",
    codecs.BOM_UTF32_BE: "utf-32-be",
    codecs.BOM_UTF16_LE: "utf-16-le",
    codecs.BOM_UTF16_BE: "utf-16-be",
}
"""Byte order mark -> encoding; the longer marks first, because one begins like a shorter one."""
BLOCK = 2**20
HEAD = 2**16
"""Bytes at the beginning of a file that show its encoding."""


@dataclass(frozen=True)
class _Layout:
    """encoding (str): Of a file in UTF-16 or UTF-32; "" for UTF-8.
    end (bytes): What ends a line.
    """

    encoding: str
    end: bytes

    def utf8(self, line: bytes) -> bytes:
        if not self.encoding:
            return line
        return line.decode(self.encoding, errors="replace").encode("utf8", errors="replace")


def read_lines(path: Path, place: Place = START) -> Iterator[tuple[int, int, bytes]]:
    """path (Path): A file in UTF-8, or in UTF-16 or UTF-32 with a byte order mark. Lines end in a line
        feed, or, in a file without any, in a carriage return.
    place (Place): The beginning of a line.
    YIELDS (tuple[int, int, bytes]): From there on, of each line that is not blank, the number, from 1,
        the offset of its first byte, and the content in UTF-8.
    RAISES (ValueError): EL230, the file has another encoding.
    """
    with path.open("rb") as file:
        layout = _layout(file, path)
        file.seek(place.at)
        at = place.at
        for number, line in enumerate(_lines(file, layout.end), place.number):
            bare = layout.utf8(line).rstrip(b"\r\n")
            if number == 1:
                bare = bare.removeprefix(BOM)
            if bare.strip():
                yield number, at, bare
            at += len(line)


def _layout(file: BinaryIO, path: Path) -> _Layout:
    head = file.read(HEAD)
    encoding = next((name for mark, name in WIDE.items() if head.startswith(mark)), "")
    if encoding:
        return _Layout(encoding, "\n".encode(encoding))
    if 8 * head.count(0) > len(head):
        raise EL4NERValueError(Errors.EL230.format(path=path))
    file.seek(0)
    return _Layout("", b"\r" if b"\r" in head and _without_line_feeds(file) else b"\n")


def _without_line_feeds(file: BinaryIO) -> bool:
    """Whether no byte of a file is a line feed."""
    return not any(b"\n" in block for block in iter(lambda: file.read(BLOCK), b""))


def _lines(file: BinaryIO, end: bytes) -> Iterator[bytes]:
    """The lines of a file from where it stands, with their ends."""
    if end == b"\n":
        yield from file
        return
    rest = b""
    for block in iter(lambda: file.read(BLOCK), b""):
        searched, start, rest = len(rest), 0, rest + block
        while (found := _find(rest, end, max(start, searched))) >= 0:
            yield rest[start : found + len(end)]
            start = found + len(end)
        rest = rest[start:]
    if rest:
        yield rest


def _find(data: bytes, end: bytes, start: int) -> int:
    """The first end of a line that is a character, not parts of two; -1 if there is none."""
    found = data.find(end, start)
    while found >= 0 and found % len(end):
        found = data.find(end, found + 1)
    return found


class LineSource:
    """A file with one document per line.

    path (Path): The file.
    """

    def __init__(self, path: Path):
        self.path = path

    def index(self, shard_size: int) -> SourceIndex:
        """shard_size (int): Documents per shard.
        RETURNS (SourceIndex): The first byte of each shard, after one reading of the file.
        """
        places, documents = [], 0
        for documents, (number, at, _) in enumerate(read_lines(self.path), 1):
            if (documents - 1) % shard_size == 0:
                places.append(Place(at, number))
        return SourceIndex(documents, tuple(places))

    def items(self, place: Place = START) -> Iterator[tuple[int, bytes]]:
        """place (Place): The document to begin with.
        YIELDS (tuple[int, bytes]): Number and content of each line that is not blank.
        """
        return ((number, line) for number, _, line in read_lines(self.path, place))
