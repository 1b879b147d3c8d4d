"""The parts of a component written to bytes and to a folder, and read back."""

import os
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from spacy import util

Writers = Mapping[str, Callable[[], bytes]]
"""Name of a part, which is also that of its file -> gives its bytes."""
Readers = Mapping[str, Callable[[bytes], object]]
"""The same names -> take these bytes, in this order."""


def to_disk(path: str | Path, writers: Writers, exclude: Iterable[str]) -> None:
    """path (str | Path): A folder, made if absent. Each file in it is complete or absent."""
    util.to_disk(
        util.ensure_path(path), {name: _file_writer(write) for name, write in writers.items()}, exclude
    )


def from_disk(path: str | Path, readers: Readers, exclude: Iterable[str]) -> None:
    """path (str | Path): A folder that `to_disk` wrote."""
    util.from_disk(
        util.ensure_path(path), {name: _file_reader(read) for name, read in readers.items()}, exclude
    )


def _file_writer(write: Callable[[], bytes]) -> Callable[[Path], None]:
    def write_file(path: Path) -> None:
        partial = path.with_name(f".{path.name}.partial")
        partial.write_bytes(write())
        os.replace(partial, path)

    return write_file


def _file_reader(read: Callable[[bytes], object]) -> Callable[[Path], None]:
    def read_file(path: Path) -> None:
        read(path.read_bytes())

    return read_file
