"""The plain data shared by the explanations of both methods."""

import math
from collections.abc import Sequence
from typing import Any

from spacy.tokens import Doc, Span

from spacy_el4ner.pipeline.attributes import confidence
from spacy_el4ner.types import Demonstration

Plain = dict[str, Any]


def stretch(doc: Doc, start: int, end: int) -> Plain:
    """doc (Doc): The document.
    start (int): Offset of the first character.
    end (int): Offset one past the last character.
    RETURNS (dict): The part of the text between them.
    """
    return {"start": start, "end": end, "text": doc.text[start:end]}


def entity(ent: Span) -> Plain:
    """ent (Span): An entity.
    RETURNS (dict): Its offsets, text, label and confidence.
    """
    where = stretch(ent.doc, ent.start_char, ent.end_char)
    return {**where, "label": ent.label_, "confidence": confidence(ent)}


def demonstration(shown: Demonstration) -> Plain:
    """shown (Demonstration): A labelled sentence.
    RETURNS (dict): Its text and entities, with offsets in the sentence.
    """
    text = shown.window.text
    entities = [
        {"start": m.start, "end": m.end, "text": text[m.start : m.end], "label": m.label}
        for m in shown.mentions
    ]
    return {"id": shown.id, "text": text, "entities": entities}


def kept(doc: Doc, start: int, end: int, label: str) -> bool:
    """doc (Doc): The document.
    start (int): Offset of the first character.
    end (int): Offset one past the last character.
    label (str): A label.
    RETURNS (bool): Whether the document has this entity.
    """
    return any((e.start_char, e.end_char, e.label_) == (start, end, label) for e in doc.ents)


def overlapping(doc: Doc, start: int, end: int) -> list[Span]:
    """doc (Doc): The document.
    start (int): Offset of the first character.
    end (int): Offset one past the last character.
    RETURNS (list[Span]): Entities of the document that share a character with this part.
    """
    return [e for e in doc.ents if e.start_char < end and start < e.end_char]


def in_the_way(rivals: Sequence[Span]) -> Plain:
    """rivals (Sequence[Span]): Entities that overlap a candidate.
    RETURNS (dict): The outcome of the candidate: dropped in their favour.
    """
    return dropped("overlaps", "; ".join(map(_rival, rivals)), [entity(e) for e in rivals])


def dropped(stage: str, reason: str, by: list[Any]) -> Plain:
    """stage (str): The stage that dropped a candidate.
    reason (str): Its reason.
    by (list[Any]): The models or entities responsible.
    RETURNS (dict): The outcome of the candidate.
    """
    return {"kept": False, "stage": stage, "reason": reason, "by": by}


def number(value: float) -> float | None:
    """value (float): A number.
    RETURNS (float | None): The number; None for NaN, which JSON lacks.
    """
    return None if math.isnan(value) else value


def _rival(ent: Span) -> str:
    sure = confidence(ent)
    why = "was there before" if sure is None else f"is an entity with confidence {sure:.2f}"
    return f"overlaps “{ent.text}” ({ent.label_}), which {why}"
