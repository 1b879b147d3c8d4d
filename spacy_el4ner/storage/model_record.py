"""The record of a trained model's origin, a file next to its weights."""

import json
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage import manifest

RECORD = "el4ner.json"
"""Name of the file."""
FILES = "files"
"""Its entry with the names of the other files of the folder."""


def record_of(folder: Path) -> dict[str, Any]:
    """folder (Path): The folder of a model.
    RETURNS (dict[str, Any]): The record of the model; empty if there is none.
    """
    record = _content(folder) or {}
    record.pop(FILES, None)
    return record


def write_record(folder: Path, record: dict[str, Any]) -> None:
    """folder (Path): The folder of a model, complete but for its record.
    record (dict[str, Any]): What the model was made from; plain data.
    """
    files = sorted(manifest.present(folder))
    (folder / RECORD).write_text(json.dumps({**record, FILES: files}, indent=2), encoding="utf8")


def check_replaceable(folder: Path) -> None:
    """folder (Path): Where a model goes.
    RAISES (ValueError): EL315, something is there that is not part of a trained model.
    """
    if not folder.exists():
        return
    names = manifest.present(folder) if folder.is_dir() else {folder.name}
    record = _content(folder) if folder.is_dir() else None
    own = set((record or {}).get(FILES, names if record else ())) | {RECORD}
    if others := sorted(names - own):
        raise EL4NERValueError(Errors.EL315.format(path=folder, file=others[0]))


def _content(folder: Path) -> dict[str, Any] | None:
    """The content of the file; None if there is none."""
    path = folder / RECORD
    content: dict[str, Any] | None = (
        json.loads(path.read_text(encoding="utf8")) if path.is_file() else None
    )
    return content
