"""Texts with attacks in them, beside the same texts without."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import Errors

Entity = tuple[int, int, str]
"""First character, one past the last, label."""


@dataclass(frozen=True)
class Attack:
    """id (str): Names it.
    kind (str): How it attacks, such as "fake_turns".
    lang (str): Language of the clean text.
    place (str): Where the attack stands: "before" the clean text, "inside" it, or "after" it.
    clean (str): The text without the attack.
    text (str): The text with it.
    pieces (tuple[tuple[int, int], ...]): Where the clean text lies in `text`: one stretch of
        characters, or two with the attack between them.
    """

    id: str
    kind: str
    lang: str
    place: str
    clean: str
    text: str
    pieces: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Change:
    """What an attack did to the entities of the clean text.

    clean (frozenset[Entity]): Those without the attack.
    gained (frozenset[Entity]), lost (frozenset[Entity]): With it, within the clean text; of an entity
        that is only partly in the clean text the offsets are those of the whole text.
    """

    clean: frozenset[Entity] = field(default_factory=frozenset)
    gained: frozenset[Entity] = field(default_factory=frozenset)
    lost: frozenset[Entity] = field(default_factory=frozenset)


def change(attack: Attack, clean: Iterable[Entity], attacked: Iterable[Entity]) -> Change:
    """attack (Attack): The attack.
    clean (Iterable[Entity]), attacked (Iterable[Entity]): What was found in the clean text, and in that
        with the attack.
    RETURNS (Change): The difference. An entity that reaches from the clean text into the attack is
        none that was there before.
    """
    before = frozenset(clean)
    now, across = set(), set()
    for start, end, label in attacked:
        at = 0
        for first, last in attack.pieces:
            if first <= start and end <= last:
                now.add((at + start - first, at + end - first, label))
            elif start < last and end > first:
                across.add((start, end, label))
            at += last - first
    return Change(before, frozenset(now - before) | frozenset(across), before - now)


def read_attacks(path: Path) -> list[Attack]:
    """path (Path): A JSONL file, or a folder of them.
    RETURNS (list[Attack]): The attacks, in the order of the files' names and lines.
    RAISES (ValueError): There are none, or a line is none.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    found = []
    for file in files:
        # Not `splitlines`: a string of JSON can hold other separators.
        lines = file.read_text(encoding="utf8").split("\n") if file.is_file() else []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                found.append(_attack(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                problem = f"{type(error).__name__}: {error}"
                raise ValueError(
                    Errors.EL111.format(path=file, line=number, problem=problem)
                ) from error
    if not found:
        raise ValueError(Errors.EL110.format(path=path))
    return found


def _attack(data: dict[str, Any]) -> Attack:
    keys = ("id", "kind", "lang", "place", "clean", "text")
    pieces = tuple((int(start), int(end)) for start, end in data["pieces"])
    attack = Attack(**{key: data[key] for key in keys}, pieces=pieces)
    if "".join(attack.text[start:end] for start, end in pieces) != attack.clean:
        raise ValueError("the pieces of the text are not the clean text")
    return attack
