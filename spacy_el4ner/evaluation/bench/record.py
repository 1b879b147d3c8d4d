"""The file of rows, written after every batch size, so that a run that was cut off can go on."""

import json
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.evaluation.bench.measure import Row

FIXED = ("settings", "model", "machine", "versions", "gpu")
"""What all rows of a file have in common."""


class Record:
    """path (Path): The JSON file.
    about (dict[str, Any]): Settings, model, machine, date and versions of this run.
    anew (bool): Whether to leave out what the file holds.
    """

    def __init__(self, path: Path, about: dict[str, Any], anew: bool = False):
        self.path = path
        about = json.loads(json.dumps(about))
        found = read(path) if path.is_file() and not anew else {}
        self.changed = [key for key in FIXED if found and found.get(key) != about.get(key)]
        """What differs from the run that wrote the file; its rows are then not used."""
        kept = found if found and not self.changed else {"rows": [], "ensemble": []}
        self.data: dict[str, Any] = {**about, "rows": kept["rows"], "ensemble": kept["ensemble"]}
        self.data["skipped"] = kept.get("skipped", {})

    def missing(self, systems: Sequence[str], batch_size: int) -> list[str]:
        """RETURNS (list[str]): Those of the systems that have no row for this batch size."""
        known = {row["system"] for row in self.data["rows"] if row["batch_size"] == batch_size}
        return [name for name in systems if name not in known]

    def add(self, kind: str, rows: Sequence[Row]) -> None:
        """kind (str): "rows" or "ensemble".
        rows (Sequence[Row]): What was measured. The file is whole at any time.
        """
        self.data[kind] = [*self.data[kind], *rows]
        self.write()

    def write(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_suffix(".part")
        part.write_text(json.dumps(self.data, indent=2, ensure_ascii=False), encoding="utf8")
        os.replace(part, self.path)


def read(path: Path) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): What is in a file of rows."""
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
    return data
