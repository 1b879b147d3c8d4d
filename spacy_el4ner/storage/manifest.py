"""The list of a saved folder's files with their hashes: what was saved is what is loaded."""

import hashlib
import json
from collections.abc import Iterable
from functools import lru_cache
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.storage.atomic import replacing

NAME = "el4ner-manifest.json"
FORMAT = 1
LEFT_OUT = frozenset({NAME, "meta.json", "README.md", "LICENSE", "LICENSES_SOURCES"})
"""Beside itself, the files at the top of a pipeline that `spacy package` writes or rewrites."""


def write(folder: Path) -> None:
    """folder (Path): A folder that is complete; its manifest is written into it.

    A folder within it that has a manifest of its own is listed like any other: both hold.
    """
    files = {
        name: {"bytes": path.stat().st_size, "sha256": _sha256(path)} for name, path in _files(folder)
    }
    text = json.dumps({"format": FORMAT, "files": files}, indent=1, ensure_ascii=False)
    with replacing(folder / NAME) as file:
        file.write(text.encode("utf8"))


def verify(folder: Path) -> None:
    """folder (Path): A folder with a manifest.
    RAISES (ValueError): The manifest cannot be read, or a file of the folder is missing, was not there
        when it was saved, or is not what was saved.
    """
    listed = _read(folder / NAME)
    found = dict(_files(folder))
    for name, entry in listed.items():
        if name not in found:
            raise ValueError(Errors.EL083.format(path=folder, file=name))
        size = found[name].stat().st_size
        if size != entry["bytes"]:
            problem = f"it has {size} bytes instead of {entry['bytes']}"
            raise ValueError(Errors.EL084.format(path=folder, file=name, problem=problem))
    if added := sorted(found.keys() - listed.keys()):
        raise ValueError(Errors.EL085.format(path=folder, file=added[0], manifest=NAME))
    for name, entry in listed.items():
        if _sha256(found[name]) != entry["sha256"]:
            problem = "its content has another sha256"
            raise ValueError(Errors.EL084.format(path=folder, file=name, problem=problem))


def fingerprint(files: Iterable[tuple[str, Path]]) -> str:
    """files (Iterable[tuple[str, Path]]): Names, and where the files are.
    RETURNS (str): SHA-256 of the names and contents.
    """
    together = hashlib.sha256()
    for name, path in files:
        together.update(f"{name}\n{_sha256(path)}\n".encode())
    return together.hexdigest()


def folder_fingerprint(folder: Path) -> str:
    """folder (Path): A folder.
    RETURNS (str): SHA-256 of the names and contents of its files. They are read again only where
        size or time say that they are others.
    """
    files = _files(folder)
    stats = tuple((name, path.stat().st_size, path.stat().st_mtime_ns) for name, path in files)
    return _remembered(folder, stats)


@lru_cache(maxsize=64)
def _remembered(folder: Path, stats: tuple[tuple[str, int, int], ...]) -> str:
    return fingerprint((name, folder / name) for name, _, _ in stats)


def _read(path: Path) -> dict[str, Any]:
    try:
        data = json.loads(path.read_bytes())
        files: dict[str, Any] = data["files"]
        known = data["format"] == FORMAT
        whole = all(
            isinstance(e["bytes"], int) and isinstance(e["sha256"], str) for e in files.values()
        )
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise ValueError(Errors.EL082.format(path=path, problem=repr(error))) from error
    if not known or not whole:
        raise ValueError(Errors.EL082.format(path=path, problem=f"format {data['format']}"))
    return files


def _files(folder: Path) -> list[tuple[str, Path]]:
    """The files to be listed, by their names relative to the folder, "/" between the parts."""
    paths = ((p.relative_to(folder).as_posix(), p) for p in folder.rglob("*") if not p.is_dir())
    return sorted((name, path) for name, path in paths if name not in LEFT_OUT)


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
