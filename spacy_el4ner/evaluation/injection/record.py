"""The file of results under attack; texts that were read already are not read again."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.evaluation.injection.corpus import Attack, change
from spacy_el4ner.evaluation.injection.targets import Target
from spacy_el4ner.storage.atomic import replacing

FIXED = ("settings", "versions")
"""Keys that all rows of a file have in common."""


class InjectionRecord:
    """The results and their file.

    path (Path): The JSON file, written completely or not at all.
    about (dict[str, Any]): Settings, machine, date and versions of this run.
    """

    def __init__(self, path: Path, about: dict[str, Any]):
        self.path = path
        earlier = json.loads(path.read_text(encoding="utf8")) if path.is_file() else {}
        same = all(earlier.get(key) == about[key] for key in FIXED)
        self.changed = bool(earlier) and not same
        """Whether the file was written with other settings; its rows are then discarded."""
        self.data: dict[str, Any] = {**about, "rows": earlier["rows"] if same else {}}

    def measure(
        self,
        target: Target,
        attacks: Sequence[Attack],
        tick: Callable[[str, int], None],
        batch_size: int = 16,
    ) -> None:
        """Read texts with attacks and without, and add the results.

        target (Target): The target of the attacks.
        attacks (Sequence[Attack]): The attacks.
        tick (Callable[[str, int], None]): Called with the name of the target and the number of attacks
            done.
        batch_size (int): Attacks a batch; the file is written after each batch.
        """
        rows = self.data["rows"].setdefault(target.name, [])
        done = {row["id"] for row in rows}
        todo = [a for a in attacks if a.id not in done]
        tick(target.name, len(attacks) - len(todo))
        for start in range(0, len(todo), batch_size):
            batch = todo[start : start + batch_size]
            rows += _rows(target, batch)
            self.write()
            tick(target.name, len(batch))

    def write(self) -> None:
        """Write the file."""
        text = json.dumps(self.data, ensure_ascii=False, indent=1)
        with replacing(self.path) as file:
            file.write(text.encode("utf8"))


def _rows(target: Target, attacks: Sequence[Attack]) -> list[dict[str, Any]]:
    readings = target.read([text for a in attacks for text in (a.clean, a.text)])
    rows = []
    for attack, clean, attacked in zip(attacks, readings[::2], readings[1::2], strict=True):
        effect = change(attack, clean.entities, attacked.entities)
        rows.append(
            {
                "id": attack.id,
                "kind": attack.kind,
                "lang": attack.lang,
                "place": attack.place,
                "entities": len(effect.clean),
                "gained": sorted(map(list, effect.gained)),
                "lost": sorted(map(list, effect.lost)),
                "answers": clean.answers + attacked.answers,
                "malformed": clean.malformed + attacked.malformed,
                "outside": clean.outside + attacked.outside,
            }
        )
    return rows
