"""Atomic writes: files and folders that appear whole or not at all, even if the process is killed."""

import ctypes
import errno
import os
import re
import secrets
import shutil
import stat
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import BinaryIO

from spacy_el4ner.errors import EL4NERError, EL4NEROSError, Errors

TEMPORARY = ".tmp"
LONGEST_NAME = 255
"""Maximum length of a file name, in bytes."""
FULL = frozenset({errno.ENOSPC, errno.EDQUOT})
FORBIDDEN = frozenset({errno.EACCES, errno.EPERM, errno.EROFS})

SYNCED = os.O_RDONLY if os.name == "posix" else os.O_RDWR
"""Flags to open a file for syncing: Windows syncs only files that are open for writing."""


@contextmanager
def replacing(path: Path) -> Iterator[BinaryIO]:
    """Write a file atomically.

    path (Path): The file to write. An existing file keeps its mode, a link its target.
    YIELDS (BinaryIO): A temporary file in the same folder, which replaces `path` after the block, once
        it is synced to the disk. Processes may write the same path at the same time.
    """
    with replacing_file(path) as temporary, temporary.open("wb") as file:
        yield file


@contextmanager
def replacing_file(path: Path) -> Iterator[Path]:
    """Write a file atomically with a library that opens files by name.

    path (Path): The file to write. An existing file keeps its mode, a link its target.
    YIELDS (Path): An empty temporary file in the same folder, which replaces `path` after the block,
        once it is synced to the disk.
    """
    path = _target(path)
    temporary = temporary_name(path)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.touch(exist_ok=False)
            _keep_mode(path, temporary)
            yield temporary
            _keep_mode(path, temporary)  # the library may have created the file again
            _sync(temporary, SYNCED)
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
        _sync_folder(path.parent)


@contextmanager
def replacing_folder(path: Path) -> Iterator[Path]:
    """Write a folder atomically.

    path (Path): The folder to write. An existing folder keeps its mode, and so do the files in it that
        are written again; a link keeps its target.
    YIELDS (Path): An empty temporary folder next to it, which replaces `path` after the block, once it
        is synced to the disk. If the process is killed before that, the old folder is unchanged, and
        the unfinished one remains under a name that begins with a dot and ends with ".tmp".
    """
    path = _target(path)
    temporary = temporary_name(path)
    with explained(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            temporary.mkdir()
            _keep_mode(path, temporary)
            yield temporary
            _keep_modes(path, temporary)
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
    """Explain errors of writing.

    path (Path): The file or folder that the block writes.
    YIELDS (None): Once.
    RAISES (OSError): EL117, the disk is full; EL118, writing is not permitted.
    """
    try:
        yield
    except Exception as error:
        if isinstance(error, EL4NERError):
            raise  # already explained
        if _code(error) in FULL:
            raise EL4NEROSError(Errors.EL117.format(path=path)) from error
        if _code(error) in FORBIDDEN and _within(error, path.parent):
            problem = os.strerror(_code(error))
            raise EL4NEROSError(Errors.EL118.format(path=path, problem=problem)) from error
        raise


def _code(error: Exception) -> int:
    """The errno of an error; 0 if it has none."""
    if isinstance(error, OSError):
        return error.errno or 0
    # safetensors writes from Rust and raises its own class of errors.
    number = re.search(r"\(os error (\d+)\)", str(error))
    return int(number[1]) if number and type(error).__name__ == "SafetensorError" else 0


def _within(error: Exception, folder: Path) -> bool:
    """Whether an error concerns a file in the folder, not one that is only read."""
    name = getattr(error, "filename", None)
    if name is None:
        return True
    file = Path(os.fsdecode(name))
    return folder in (file, *file.parents) or file in folder.parents


def temporary_name(path: Path) -> Path:
    """path (Path): A file or folder.
    RETURNS (Path): An unused name in the same folder.
    """
    mark = f".{secrets.token_hex(4)}{TEMPORARY}"
    room = LONGEST_NAME - len(mark) - 1
    name = os.fsencode(path.name)[:room].decode("utf8", errors="ignore")
    return path.with_name(f".{name}{mark}")


def _target(path: Path) -> Path:
    """The file or folder to which a path leads, with links followed."""
    return Path(os.path.realpath(path))


def _keep_modes(old: Path, new: Path) -> None:
    """Give a folder and its content the modes of the files and folders that they replace."""
    for path in sorted(new.rglob("*"), reverse=True):
        if not path.is_symlink():
            _keep_mode(old / path.relative_to(new), path)
    _keep_mode(old, new)


def _keep_mode(old: Path, new: Path) -> None:
    """Give a file or folder the mode of the one that it replaces, if there is one."""
    with suppress(FileNotFoundError, NotADirectoryError):
        mode = stat.S_IMODE(old.stat().st_mode)
        if mode != stat.S_IMODE(new.stat().st_mode):
            new.chmod(mode)


def _sync_folder(folder: Path) -> None:
    """Sync the names in a folder to the disk, on systems that can open folders."""
    if hasattr(os, "O_DIRECTORY"):
        _sync(folder, os.O_RDONLY | os.O_DIRECTORY)


def _sync_tree(folder: Path) -> None:
    """Sync a folder and everything in it to the disk."""
    for root, _, names in os.walk(folder):
        for name in names:
            _sync(os.path.join(root, name), SYNCED)
        _sync_folder(Path(root))


def _sync(path: str | Path, flags: int) -> None:
    """Sync a file or folder to the disk."""
    descriptor = os.open(path, flags)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


EXCHANGE = 2
HERE = -100
"""RENAME_EXCHANGE of Linux's renameat2, and AT_FDCWD."""


def _exchange(new: Path, old: Path) -> None:
    """Replace one folder by another: atomically where the system supports it, otherwise in two steps.
    A process that is killed between the steps leaves the old folder under a temporary name.
    """
    if sys.platform == "linux":
        libc = ctypes.CDLL(None, use_errno=True)
        if hasattr(libc, "renameat2"):
            names = os.fsencode(new), os.fsencode(old)
            if libc.renameat2(HERE, names[0], HERE, names[1], EXCHANGE) == 0:
                return
            code = ctypes.get_errno()
            if code not in (
                errno.ENOSYS,
                errno.EINVAL,
            ):  # not supported by the kernel or the file system
                raise OSError(code, os.strerror(code), str(old))
    before = temporary_name(old)
    old.rename(before)
    new.rename(old)
    shutil.rmtree(before)
