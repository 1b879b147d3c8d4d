"""Files at addresses, such as s3://bucket/texts.jsonl: copied here before, and from here after.

fsspec reads and writes them; it needs the library of the address's kind, such as s3fs. Shards, and the
notes of what is finished, are always files here, so that an interrupted command continues.
"""

import hashlib
import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.atomic import replacing, temporary_name

INPUTS = "input"
"""The folder of copied inputs, with a folder for each version of one: an output may have the same file
name.
"""


def is_address(name: str) -> bool:
    """name (str): A file as the user names it.
    RETURNS (bool): Whether it is an address instead of a path.
    """
    return "://" in name


def place_of(name: str, folder: Path) -> Path:
    """name (str): A file as the user names it.
    folder (Path): The folder for copies.
    RETURNS (Path): The file, or where its copy belongs.
    """
    return folder / PurePosixPath(name).name if is_address(name) else Path(name)


def fetched(name: str, folder: Path) -> Path:
    """Copy a file here, unless there is a copy of the file as it is now. A copy never changes, so that
    commands that read it at the same time, such as those of several shards, do not disturb each other.

    name (str): A path, which is returned as it is, or an address.
    folder (Path): The folder for copies.
    RETURNS (Path): The file.
    RAISES (EL4NERValueError): EL391, the address cannot be read.
    """
    if not is_address(name):
        return Path(name)
    with _explained(name):
        system, path = _opened(name)
        version = hashlib.sha256(f"{name} {system.ukey(path)}".encode()).hexdigest()[:16]
        place = folder / INPUTS / version / PurePosixPath(name).name
        if not place.is_file():
            unfinished = temporary_name(place.parent)
            try:
                with replacing(unfinished / place.name) as file, system.open(path, "rb") as remote:
                    shutil.copyfileobj(remote, file, 2**20)
                _rename_unless_there(unfinished, place.parent)
            finally:
                shutil.rmtree(unfinished, ignore_errors=True)
    return place


def claim_address(name: str, place: Path, overwrite: bool) -> None:
    """Note whose output a run in this folder is; nothing, where that is a path.

    name (str): The output as the user names it.
    place (Path): Where its copy belongs.
    overwrite (bool): Whether a file at the address may be replaced in any case.
    RAISES (EL4NERValueError): EL065, there is a file at the address, and no run with it has begun in
        this folder; EL391, the address cannot be reached.
    """
    note, state = _note(place), {"address": name}
    if not is_address(name) or _noted(note) == state:
        return
    with _explained(name):
        system, path = _opened(name)
        taken = not overwrite and system.exists(path)
        if not taken:
            place.parent.mkdir(parents=True, exist_ok=True)
            with replacing(note) as file:
                file.write(json.dumps(state).encode("utf8"))
    if taken:
        raise EL4NERValueError(Errors.EL065.format(path=name))


def publish(files: Sequence[Path], name: str) -> list[str]:
    """Copy the files of an output to where it belongs; nothing, where that is a path, or where the
    output is not finished.

    files (Sequence[Path]): The output, and files that begin with its name; of these, those that do not
        exist are removed at the address.
    name (str): The output as the user names it.
    RETURNS (list[str]): The addresses written.
    RAISES (EL4NERValueError): EL391, they cannot be written.
    """
    own, written = PurePosixPath(name).name, list[str]()
    if not is_address(name) or not files[0].is_file():
        return written
    with _explained(name):
        system, path = _opened(name)
        for file in files:
            suffix = file.name.removeprefix(own)
            if file.is_file():
                system.makedirs(str(PurePosixPath(path).parent), exist_ok=True)
                system.put_file(str(file), path + suffix)
                written.append(name + suffix)
            elif system.exists(path + suffix):
                system.rm_file(path + suffix)
    return written


def _opened(name: str) -> tuple[Any, str]:
    """The file system of an address, and the path there."""
    from fsspec.core import url_to_fs

    system, path = url_to_fs(name)
    return system, str(path)


def _rename_unless_there(source: Path, target: Path) -> None:
    """Rename a folder; another process may have made an equal one in the meantime."""
    try:
        source.rename(target)
    except OSError:
        if not target.is_dir():
            raise


def _note(place: Path) -> Path:
    """The file that says what a copy is a copy of."""
    return place.with_name(f".{place.name}.address.json")


def _noted(note: Path) -> Any:
    """The content of a note; None if there is none."""
    try:
        return json.loads(note.read_bytes())
    except (FileNotFoundError, ValueError):
        return None


@contextmanager
def _explained(name: str) -> Iterator[None]:
    """Say which address it was that could not be reached."""
    try:
        yield
    except (ImportError, OSError, ValueError) as error:
        raise EL4NERValueError(Errors.EL391.format(address=name, problem=error)) from error
