"""What the file of an annotation tool is made of, and how it is read."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from spacy_el4ner.errors import Errors
from spacy_el4ner.review.choice import Disputed

NOWHERE = -1
"""The offset of a place that is not in the text."""
SHOWN = 5
"""Disputed spans that are named beside a document."""

Entity = tuple[int, int, str]
"""Start and end in characters, as Python counts them, and label."""


@dataclass(frozen=True)
class Reviewed:
    """A document as a person left it.

    id (str): What it was called when it was given to the tool; "" where that is not known.
    text (str): Its text.
    entities (tuple[Entity, ...]): Its entities.
    accepted (bool): Whether the person answered; not that nothing should be learnt from it.
    """

    id: str
    text: str
    entities: tuple[Entity, ...]
    accepted: bool = True


class Tool(Protocol):
    """An annotation tool.

    name (str): Of the command's option.
    title (str): Its own name.
    suffix (str): Of its files.
    """

    name: str
    title: str
    suffix: str

    def write(self, chosen: Sequence[Disputed]) -> str:
        """RETURNS (str): A file to import there, the entities found as suggestions."""
        ...

    def read(self, path: Path) -> Iterator[Reviewed]:
        """path (Path): What was exported there.
        YIELDS (Reviewed): Each of its documents.
        RAISES (ValueError): EL106, it is something else.
        """
        ...

    def advice(self, labels: Sequence[str]) -> str:
        """RETURNS (str): How to go on, for the person who has the file now."""
        ...


def described(one: Disputed) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): Beside a document: how disputed it is, and what in it."""
    text = one.doc.text
    spans = (f"{text[m.start : m.end]} ({m.label}) {d:.2f}" for m, d in one.spans[:SHOWN])
    return {"dispute": round(one.dispute, 3), "disputed": "; ".join(spans)}


def to_lines(records: Sequence[dict[str, Any]]) -> str:
    """RETURNS (str): JSONL."""
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def from_lines(path: Path, title: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """path (Path): JSONL.
    title (str): Of the tool, for the error.
    YIELDS (tuple[str, dict[str, Any]]): Where it stands, and each object, which has a text.
    RAISES (ValueError): EL106.
    """
    # Not splitlines(), which also cuts at other separators than line feeds.
    for number, line in enumerate(read_text(path, title).split("\n"), 1):
        if not line.strip():
            continue
        where = f"line {number}"
        try:
            record = json.loads(line)
        except ValueError as error:
            raise wrong(path, title, f"{where} is not JSON") from error
        if not isinstance(record, dict) or not isinstance(record.get("text"), str):
            raise wrong(path, title, f"{where} is not an object with a text")
        yield where, record


def read_text(path: Path, title: str) -> str:
    """RAISES (ValueError): EL106, it is not UTF-8."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise wrong(path, title, "it is not UTF-8") from error


def wrong(path: Path, title: str, problem: str) -> ValueError:
    """RETURNS (ValueError): EL106."""
    return ValueError(Errors.EL106.format(path=path, tool=title, problem=problem))


def whole(value: Any) -> int:
    """RETURNS (int): An offset of a file, `NOWHERE` for what is none."""
    return value if type(value) is int else NOWHERE
