"""The rows of an evaluation that was interrupted, so that the next one goes on after them."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spacy_el4ner.storage.atomic import replacing

Measured = dict[str, Any]
Once = Callable[[str, Callable[[], Measured]], Measured]
"""Given the name of a row and a function that measures it, returns the row."""


def always(name: str, measure: Callable[[], Measured]) -> Measured:
    """name (str): Name of a row.
    measure (Callable[[], dict[str, Any]]): Measures it.
    RETURNS (dict[str, Any]): The row, measured now.
    """
    return measure()


class UnfinishedRows:
    """Measures each row once, and keeps it in a file until all are measured.

    path (Path): The file; rows that are in it already are not measured again.
    about (dict[str, Any]): What the rows depend on, as plain data. A file about something else is
        replaced.
    """

    def __init__(self, path: Path, about: dict[str, Any]):
        self.path = path
        self.about = about
        self.rows: dict[str, Measured] = {}
        try:
            earlier = json.loads(path.read_text(encoding="utf8"))
            if earlier["about"] == about:
                self.rows = earlier["rows"]
        except (FileNotFoundError, ValueError, KeyError, TypeError):
            pass  # no file, or none of ours: measured from the beginning

    def __call__(self, name: str, measure: Callable[[], Measured]) -> Measured:
        """name (str): Name of a row.
        measure (Callable[[], dict[str, Any]]): Measures it.
        RETURNS (dict[str, Any]): The row, from the file or measured now.
        """
        if name not in self.rows:
            self.rows[name] = measure()
            text = json.dumps({"about": self.about, "rows": self.rows}, ensure_ascii=False)
            with replacing(self.path) as file:
                file.write(text.encode("utf8"))
        return self.rows[name]

    def finish(self) -> None:
        """Delete the file."""
        self.path.unlink(missing_ok=True)
