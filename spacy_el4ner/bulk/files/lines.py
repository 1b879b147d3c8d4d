"""Files of lines, read in bytes, so that no line can spoil another."""

from collections.abc import Iterator
from pathlib import Path

BOM = b"\xef\xbb\xbf"


def count_lines(path: Path) -> int:
    """RETURNS (int): Lines that are not blank."""
    return sum(1 for _ in read_lines(path))


def read_lines(path: Path) -> Iterator[tuple[int, bytes]]:
    """YIELDS (tuple[int, bytes]): Number, from 1, and content of each line that is not blank."""
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            bare = line.rstrip(b"\r\n")
            if number == 1:
                bare = bare.removeprefix(BOM)
            if bare.strip():
                yield number, bare


class LineSource:
    """path (Path): A file with a document a line."""

    def __init__(self, path: Path):
        self.path = path

    def count(self) -> int:
        return count_lines(self.path)

    def items(self) -> Iterator[tuple[int, bytes]]:
        return read_lines(self.path)
