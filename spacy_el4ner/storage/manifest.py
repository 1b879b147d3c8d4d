"""The manifest of a saved folder: its files with their hashes, checked when it is loaded."""

import hashlib
import json
import os
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.atomic import replacing

NAME = "el4ner-manifest.json"
FORMAT = 1
LEFT_OUT = frozenset({NAME, "meta.json", "README.md", "LICENSE", "LICENSES_SOURCES"})
"""The manifest, and the files at the top of a pipeline that `spacy package` writes or rewrites."""


def write(folder: Path) -> None:
    """Write the manifest of a folder into it. A subfolder with a manifest of its own is listed like any
    other, and both manifests apply.

    folder (Path): A complete folder.
    """
    files = {name: {"bytes": _size(path), "sha256": _digest(path)} for name, path in _entries(folder)}
    text = json.dumps({"format": FORMAT, "files": files}, indent=1, ensure_ascii=False)
    with replacing(folder / NAME) as file:
        file.write(text.encode("utf8"))


def verify(folder: Path) -> None:
    """Compare a folder with its manifest. A missing empty folder is ignored, because neither wheels nor
    Git keep empty folders.

    folder (Path): A folder with a manifest.
    RAISES (ValueError): EL082, the manifest cannot be read; EL083, a file is missing; EL084, a file or
        link differs from what was saved; EL085, a file, link or empty folder was added.
    """
    saved = _read(folder / NAME)
    entries = dict(_entries(folder))
    for name, entry in saved.items():
        if name not in entries:
            if name.endswith("/"):
                continue
            raise EL4NERValueError(Errors.EL083.format(path=folder, file=name))
        size = _size(entries[name])
        if size != entry["bytes"]:
            problem = f"it has {size} bytes instead of {entry['bytes']}"
            raise EL4NERValueError(Errors.EL084.format(path=folder, file=name, problem=problem))
    if added := sorted(entries.keys() - saved.keys()):
        raise EL4NERValueError(Errors.EL085.format(path=folder, file=added[0], manifest=NAME))
    for name, path in entries.items():
        if _digest(path) != saved[name]["sha256"]:
            problem = "its content has another sha256"
            raise EL4NERValueError(Errors.EL084.format(path=folder, file=name, problem=problem))


def listed(folder: Path) -> set[str]:
    """folder (Path): A folder, which may have a manifest.
    RETURNS (set[str]): The names in its manifest, with "/" between their parts; empty if there is no
        manifest.
    RAISES (ValueError): EL082, the manifest cannot be read.
    """
    return set(_read(folder / NAME)) if (folder / NAME).is_file() else set()


def present(folder: Path) -> set[str]:
    """folder (Path): A folder.
    RETURNS (set[str]): The names of its files, links and empty folders, as a manifest lists them.
    """
    return {name for name, _ in _entries(folder)}


def fingerprint(files: Iterable[tuple[str, Path]]) -> str:
    """files (Iterable[tuple[str, Path]]): The name and the path of each file.
    RETURNS (str): SHA-256 of the names and contents.
    """
    together = hashlib.sha256()
    for name, path in files:
        together.update(f"{name}\n{sha256(path)}\n".encode())
    return together.hexdigest()


def folder_fingerprint(folder: Path) -> str:
    """folder (Path): A folder.
    RETURNS (str): SHA-256 of the names and contents of its files, cached for as long as their sizes and
        modification times stay the same.
    """
    files = _files(folder)
    stats = tuple((name, path.stat().st_size, path.stat().st_mtime_ns) for name, path in files)
    return _remembered(folder, stats)


def file_sha256(path: Path) -> str:
    """path (Path): A file.
    RETURNS (str): Its SHA-256, cached for as long as its size and modification time stay the same.
    """
    stat = path.stat()
    return _remembered_file(path.resolve(), stat.st_size, stat.st_mtime_ns)


@lru_cache(maxsize=64)
def _remembered_file(path: Path, size: int, time: int) -> str:
    return sha256(path)


@lru_cache(maxsize=64)
def _remembered(folder: Path, stats: tuple[tuple[str, int, int], ...]) -> str:
    """The fingerprint of a folder; sizes and times are the key of the cache."""
    return fingerprint((name, folder / name) for name, _, _ in stats)


def _read(path: Path) -> dict[str, Any]:
    """The entries of a manifest."""
    try:
        data = json.loads(path.read_bytes())
        files: dict[str, Any] = data["files"]
        readable = data["format"] == FORMAT
        whole = all(
            isinstance(e["bytes"], int) and isinstance(e["sha256"], str) for e in files.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise EL4NERValueError(Errors.EL082.format(path=path, problem=repr(error))) from error
    if not readable or not whole:
        raise EL4NERValueError(Errors.EL082.format(path=path, problem=f"format {data['format']}"))
    return files


def _entries(folder: Path) -> list[tuple[str, Path]]:
    """The files of a folder, its links to folders and its empty folders, by their names relative to it,
    with "/" between their parts and at the end of the name of a folder.
    """
    entries = []
    for root, folders, files in os.walk(folder):
        within = Path(root)
        linked = [name for name in folders if (within / name).is_symlink()]
        entries += [(within / name, "") for name in files] + [(within / name, "/") for name in linked]
        if not (folders or files) and within != folder:
            entries.append((within, "/"))
    names = ((path.relative_to(folder).as_posix() + end, path) for path, end in entries)
    return sorted((name, path) for name, path in names if name not in LEFT_OUT)


def _files(folder: Path) -> list[tuple[str, Path]]:
    """The files of a folder."""
    return [(name, path) for name, path in _entries(folder) if not name.endswith("/")]


def _size(path: Path) -> int:
    """Size of a file in bytes; 0 for a folder."""
    return 0 if path.is_dir() else path.stat().st_size


def _digest(path: Path) -> str:
    """SHA-256 of a file's content or of the target of a link to a folder; "" for an empty folder."""
    if not path.is_dir():
        return sha256(path)
    return hashlib.sha256(os.fsencode(os.readlink(path))).hexdigest() if path.is_symlink() else ""


def sha256(path: Path) -> str:
    """path (Path): A file.
    RETURNS (str): Its SHA-256, as hexadecimal digits.
    """
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
