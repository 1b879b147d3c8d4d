"""Files that are there whole or not at all, whenever the process dies."""

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

TEMPORARY = ".tmp"


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """path (Path): The file to write.
    YIELDS (BinaryIO): A file of another name in the same folder, which takes the place of `path` once
        it is whole and on the disk. Two processes that write the same file do not meet.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = temporary_name(path)
    try:
        with temporary.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)
    _sync_folder(path.parent)


def temporary_name(path: Path) -> Path:
    """RETURNS (Path): A name beside it that nothing else has."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a loss of power, too, where the system can open folders."""
    if hasattr(os, "O_DIRECTORY"):
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
