"""The plain data that both methods are explained in."""

import math
from collections.abc import Sequence
from typing import Any

from spacy.tokens import Doc, Span

from spacy_el4ner.types import Demonstration

Plain = dict[str, Any]


def stretch(doc: Doc, start: int, end: int) -> Plain:
    """RETURNS (dict): A part of the text, by its offsets in the document."""
    return {"start": start, "end": end, "text": doc.text[start:end]}


def entity(ent: Span) -> Plain:
    """RETURNS (dict): An entity of the document."""
    where = stretch(ent.doc, ent.start_char, ent.end_char)
    return {**where, "label": ent.label_, "confidence": ent._.confidence}


def demonstration(shot: Demonstration) -> Plain:
    """RETURNS (dict): A labelled sentence; the offsets are its own."""
    text = shot.window.text
    entities = [
        {"start": m.start, "end": m.end, "text": text[m.start : m.end], "label": m.label}
        for m in shot.mentions
    ]
    return {"id": shot.id, "text": text, "entities": entities}


def kept(doc: Doc, start: int, end: int, label: str) -> bool:
    """RETURNS (bool): Whether this is an entity of the document."""
    return any((e.start_char, e.end_char, e.label_) == (start, end, label) for e in doc.ents)


def overlapping(doc: Doc, start: int, end: int) -> list[Span]:
    """RETURNS (list[Span]): Entities of the document that share a character with these."""
    return [e for e in doc.ents if e.start_char < end and start < e.end_char]


def in_the_way(rivals: Sequence[Span]) -> Plain:
    """RETURNS (dict): The outcome for a candidate that these entities left no room for."""
    return dropped("overlaps", "; ".join(map(_rival, rivals)), [entity(e) for e in rivals])


def dropped(stage: str, reason: str, by: list[Any]) -> Plain:
    """RETURNS (dict): The outcome for a candidate that is no entity."""
    return {"kept": False, "stage": stage, "reason": reason, "by": by}


def number(value: float) -> float | None:
    """RETURNS (float | None): JSON has no NaN."""
    return None if math.isnan(value) else value


def _rival(ent: Span) -> str:
    sure = ent._.confidence
    why = "was there before" if sure is None else f"is an entity with confidence {sure:.2f}"
    return f"overlaps “{ent.text}” ({ent.label_}), which {why}"
