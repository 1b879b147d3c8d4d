"""Texts with attacks, paired with the same texts without."""

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors

Entity = tuple[int, int, str]
"""First character, one past the last, label."""


@dataclass(frozen=True)
class Attack:
    """A text with an attack.

    id (str): Unique name.
    kind (str): Kind of attack, such as "fake_turns".
    lang (str): Language of the clean text.
    place (str): Position of the attack: "before" the clean text, "inside" it, or "after" it.
    clean (str): The text without the attack.
    text (str): The text with it.
    pieces (tuple[tuple[int, int], ...]): Offsets of the clean text in `text`: one range of characters,
        or two with the attack between them.
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
    """The effect of an attack on the entities of the clean text.

    clean (frozenset[Entity]): Entities without the attack.
    gained (frozenset[Entity]): Entities only with the attack, with offsets in the clean text; entities
        that are only partly in the clean text have offsets in the whole text.
    lost (frozenset[Entity]): Entities only without the attack.
    """

    clean: frozenset[Entity] = field(default_factory=frozenset)
    gained: frozenset[Entity] = field(default_factory=frozenset)
    lost: frozenset[Entity] = field(default_factory=frozenset)


def change(attack: Attack, clean: Iterable[Entity], attacked: Iterable[Entity]) -> Change:
    """attack (Attack): The attack.
    clean (Iterable[Entity]): Entities found in the clean text.
    attacked (Iterable[Entity]): Entities found in the text with the attack.
    RETURNS (Change): The difference. An entity that crosses from the clean text into the attack counts
        as gained.
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
    RAISES (ValueError): EL110, there are no attacks; EL111, a line is not an attack.
    """
    files = sorted(path.glob("*.jsonl")) if path.is_dir() else [path]
    attacks = []
    for file in files:
        # Not `splitlines`: a string of JSON can hold other separators.
        lines = file.read_text(encoding="utf8").split("\n") if file.is_file() else []
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                attacks.append(_attack(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                problem = f"{type(error).__name__}: {error}"
                raise EL4NERValueError(
                    Errors.EL111.format(path=file, line=number, problem=problem)
                ) from error
    if not attacks:
        raise EL4NERValueError(Errors.EL110.format(path=path))
    return attacks


def _attack(data: dict[str, Any]) -> Attack:
    keys = ("id", "kind", "lang", "place", "clean", "text")
    pieces = tuple((int(start), int(end)) for start, end in data["pieces"])
    attack = Attack(**{key: data[key] for key in keys}, pieces=pieces)
    if "".join(attack.text[start:end] for start, end in pieces) != attack.clean:
        raise ValueError("the pieces of the text are not the clean text")
    return attack
