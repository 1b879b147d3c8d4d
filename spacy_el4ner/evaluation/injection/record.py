"""The file of an attack's rows: what was read already is not read again."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.evaluation.injection.corpus import Attack, change
from spacy_el4ner.evaluation.injection.readers import Reader
from spacy_el4ner.storage.atomic import replacing

FIXED = ("settings", "versions")
"""What all rows of a file have in common."""


class Record:
    """path (Path): The JSON file; whole at any time.
    about (dict[str, Any]): Settings, machine, date and versions of this run.
    """

    def __init__(self, path: Path, about: dict[str, Any]):
        self.path = path
        found = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
        same = all(found.get(key) == about[key] for key in FIXED)
        self.changed = bool(found) and not same
        """Whether the file is of other settings; its rows are then not used."""
        self.data: dict[str, Any] = {**about, "rows": found["rows"] if same else {}}

    def measure(
        self,
        reader: Reader,
        attacks: Sequence[Attack],
        tick: Callable[[str, int], None],
        batch_size: int = 16,
    ) -> None:
        """reader (Reader): Who reads.
        attacks (Sequence[Attack]): What is to be read, each with the attack and without.
        tick (Callable[[str, int], None]): Told who reads, and how many attacks that was.
        batch_size (int): Attacks at a time; the file is written after each batch.
        """
        rows = self.data["rows"].setdefault(reader.name, [])
        known = {row["id"] for row in rows}
        todo = [a for a in attacks if a.id not in known]
        tick(reader.name, len(attacks) - len(todo))
        for start in range(0, len(todo), batch_size):
            batch = todo[start : start + batch_size]
            rows += _rows(reader, batch)
            self.write()
            tick(reader.name, len(batch))

    def write(self) -> None:
        text = json.dumps(self.data, ensure_ascii=False, indent=1)
        with replacing(self.path) as file:
            file.write(text.encode("utf8"))


def _rows(reader: Reader, attacks: Sequence[Attack]) -> list[dict[str, Any]]:
    readings = reader.read([text for a in attacks for text in (a.clean, a.text)])
    rows = []
    for attack, clean, attacked in zip(attacks, readings[::2], readings[1::2], strict=True):
        made = change(attack, clean.entities, attacked.entities)
        rows.append(
            {
                "id": attack.id,
                "kind": attack.kind,
                "lang": attack.lang,
                "place": attack.place,
                "entities": len(made.clean),
                "gained": sorted(map(list, made.gained)),
                "lost": sorted(map(list, made.lost)),
                "answers": clean.answers + attacked.answers,
                "malformed": clean.malformed + attacked.malformed,
                "outside": clean.outside + attacked.outside,
            }
        )
    return rows
