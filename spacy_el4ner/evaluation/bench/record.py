"""The file of rows, written after every batch size, so that an interrupted run can continue."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.evaluation.bench.measure import Row
from spacy_el4ner.storage.atomic import replacing

FIXED = ("settings", "model", "machine", "versions", "gpu")
"""Keys that all rows of a file have in common."""


class BenchRecord:
    """The rows of a benchmark and their file.

    path (Path): The JSON file.
    about (dict[str, Any]): Settings, model, machine, date and versions of this run.
    overwrite (bool): Discard the rows that the file has.
    """

    def __init__(self, path: Path, about: dict[str, Any], overwrite: bool = False):
        self.path = path
        about = json.loads(json.dumps(about))
        earlier = read(path) if path.is_file() and not overwrite else {}
        self.changed = [key for key in FIXED if earlier and _differs(key, earlier, about)]
        """Keys that differ from the run that wrote the file; its rows are then not used."""
        kept = earlier if earlier and not self.changed else {"rows": [], "ensemble": []}
        self.data: dict[str, Any] = {**about, "rows": kept["rows"], "ensemble": kept["ensemble"]}
        self.data["skipped"] = kept.get("skipped", {})

    def missing(self, systems: Sequence[str], batch_size: int) -> list[str]:
        """systems (Sequence[str]): Names of systems.
        batch_size (int): A batch size.
        RETURNS (list[str]): The systems that have no row for this batch size.
        """
        measured = {row["system"] for row in self.data["rows"] if row["batch_size"] == batch_size}
        return [name for name in systems if name not in measured]

    def add(self, kind: str, rows: Sequence[Row]) -> None:
        """Add rows and write the file.

        kind (str): "rows" or "ensemble".
        rows (Sequence[Row]): The measured rows.
        """
        self.data[kind] = [*self.data[kind], *rows]
        self.write()

    def write(self) -> None:
        """Write the file, whole or not at all."""
        with replacing(self.path) as file:
            file.write(json.dumps(self.data, indent=2, ensure_ascii=False).encode("utf8"))


def read(path: Path) -> dict[str, Any]:
    """path (Path): A file of rows.
    RETURNS (dict[str, Any]): Its content.
    """
    data: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
    data["rows"] = [{"model": data.get("model"), **row} for row in data.get("rows", [])]
    return data


def _differs(key: str, earlier: dict[str, Any], now: dict[str, Any]) -> bool:
    """Whether a key changed so that rows cannot be kept."""
    before, after = earlier.get(key), now.get(key)
    if key == "versions" and before and after:
        # A package that is only now installed changes none of the rows.
        return any(after.get(name) != version for name, version in before.items())
    return bool(before != after)
