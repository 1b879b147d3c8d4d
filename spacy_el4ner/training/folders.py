"""Folders of models: complete, or not there."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

RECORD = "el4ner.json"
"""Says what a model was made from, beside its weights."""


def save(model: Any, tokenizer: Any, record: dict[str, Any], out: Path) -> None:
    """Write to a temporary folder beside `out`, then rename, so that `out` is complete or absent."""
    partial = out.with_name(f".{out.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    model.eval().save_pretrained(partial, safe_serialization=True)
    tokenizer.save_pretrained(partial)
    (partial / RECORD).write_text(json.dumps(record, indent=2), encoding="utf8")
    shutil.rmtree(out, ignore_errors=True)
    os.replace(partial, out)


def record_of(folder: Path) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): The record of a complete model; empty where there is none."""
    path = folder / RECORD
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
    return found
