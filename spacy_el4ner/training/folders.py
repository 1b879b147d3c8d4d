"""Folders of models: complete, or not there."""

import json
from pathlib import Path
from typing import Any

from spacy_el4ner.storage.atomic import replacing_folder

RECORD = "el4ner.json"
"""Says what a model was made from, beside its weights."""


def save(model: Any, tokenizer: Any, record: dict[str, Any], out: Path) -> None:
    """Write a model that is complete or absent; one that was there stays until then."""
    with replacing_folder(out) as folder:
        model.eval().save_pretrained(folder, safe_serialization=True)
        tokenizer.save_pretrained(folder)
        (folder / RECORD).write_text(json.dumps(record, indent=2), encoding="utf8")


def record_of(folder: Path) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): The record of a complete model; empty where there is none."""
    path = folder / RECORD
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
    return found
