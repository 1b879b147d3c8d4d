"""Files and folders that are there whole or not at all, whenever the process dies."""

import ctypes
import errno
import os
import re
import secrets
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from spacy_el4ner.errors import Errors

TEMPORARY = ".tmp"
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

SYNCED = os.O_RDONLY if os.name == "posix" else os.O_RDWR
"""How files are opened to be synced: a file that may only be read can be, but not on Windows."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """path (Path): The file to write.
    YIELDS (BinaryIO): A file of another name in the same folder, which takes the place of `path` once
        it is whole and on the disk. Two processes that write the same file do not meet.
    """
    temporary = temporary_name(path)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("xb") as file:
                yield file
                file.flush()
                os.fsync(file.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """path (Path): The folder to write.
    YIELDS (Path): An empty folder beside it, which takes the place of `path`, with all that it then
        holds, once it is whole and on the disk. What was there before stays there until then; a
        process that is killed before leaves it as it was, and the unfinished folder under a name that
        begins with a dot and ends with ".tmp".
    """
    path = path.resolve()  # a link stays a link
    temporary = temporary_name(path)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        temporary.mkdir()
        try:
            yield temporary
            _sync_tree(temporary)
            if path.exists():
                _exchange(temporary, path)
            else:
                temporary.rename(path)
            _sync_folder(path.parent)
        finally:
            shutil.rmtree(temporary, ignore_errors=True)


@contextmanager
def explained(path: Path) -> Iterator[None]:
    """path (Path): What is written while this is open.
    RAISES (OSError): The disk is full, or may not be written to: said with the remedy.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, OSError) and str(error).startswith("[EL"):
            raise  # what is within has said it
        if _code(error) in FULL:
            raise OSError(Errors.EL117.format(path=path)) from error
        if _code(error) in FORBIDDEN and _within(error, path.parent):
            problem = os.strerror(_code(error))
            raise OSError(Errors.EL118.format(path=path, problem=problem)) from error
        raise


def _code(error: Exception) -> int:
    """The system's number of an error; 0 where it is another one."""
    if isinstance(error, OSError):
        return error.errno or 0
    # safetensors writes without Python, and has errors of its own.
    found = re.search(r"\(os error (\d+)\)", str(error))
    return int(found[1]) if found and type(error).__name__ == "SafetensorError" else 0


def _within(error: Exception, folder: Path) -> bool:
    """Whether what could not be written lies there; not everything that is open is being written."""
    name = getattr(error, "filename", None)
    if name is None:
        return True
    found = Path(os.fsdecode(name))
    return folder in (found, *found.parents) or found in folder.parents


def temporary_name(path: Path) -> Path:
    """RETURNS (Path): A name beside it that nothing else has."""
    return path.with_name(f".{path.name}.{secrets.token_hex(4)}{TEMPORARY}")


def _sync_folder(folder: Path) -> None:
    """Let the new name survive a loss of power, too, where the system can open folders."""
    if hasattr(os, "O_DIRECTORY"):
        _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync_tree(folder: Path) -> None:
    for root, _, names in os.walk(folder):
        for name in names:
            _sync(os.path.join(root, name), SYNCED)
        _sync_folder(Path(root))


def _sync(path: str | Path, flags: int) -> None:
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


EXCHANGE = 2
HERE = -100
"""RENAME_EXCHANGE of Linux's renameat2, and AT_FDCWD."""


def _exchange(new: Path, old: Path) -> None:
    """Let two folders change names: at once where the system can do that, else in two steps, so that
    a process killed between them leaves the old one under a temporary name.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if hasattr(libc, "renameat2"):
            names = os.fsencode(new), os.fsencode(old)
            if libc.renameat2(HERE, names[0], HERE, names[1], EXCHANGE) == 0:
                return
            code = ctypes.get_errno()
            if code not in (errno.ENOSYS, errno.EINVAL):  # the kernel, or the file system, cannot
                raise OSError(code, os.strerror(code), str(old))
    before = temporary_name(old)
    old.rename(before)
    new.rename(old)
    shutil.rmtree(before)
