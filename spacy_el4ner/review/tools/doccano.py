"""doccano's sequence labelling, JSONL.

Its offsets are units of UTF-16, those of the browser it runs in, so that every character after an emoji
stands one further than Python counts. It knows no rejection: what is exported counts as accepted.
Projects that count grapheme clusters as one character have other offsets, which are not read here.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.review.choice import Disputed
from spacy_el4ner.review.tools.base import (
    NOWHERE,
    Entity,
    Reviewed,
    described,
    from_lines,
    to_lines,
    whole,
    wrong,
)
from spacy_el4ner.utf16 import Units

ID = "el4ner_id"


class Doccano:
    name = "doccano"
    title = "doccano"
    suffix = ".jsonl"

    def write(self, chosen: Sequence[Disputed]) -> str:
        return to_lines([_task(one) for one in chosen])

    def read(self, path: Path) -> Iterator[Reviewed]:
        for where, record in from_lines(path, self.title):
            labels = next((record[k] for k in ("label", "entities") if k in record), None)
            if not isinstance(labels, list):
                raise wrong(path, self.title, f"{where} has neither 'label' nor 'entities'")
            units = Units(record["text"])
            entities = tuple(_entity(raw, units) for raw in labels)
            yield Reviewed(str(record.get(ID, "")), record["text"], entities)

    def advice(self, labels: Sequence[str]) -> str:
        return (
            "Import it as JSONL into a project for sequence labelling that does not count grapheme "
            "clusters, approve what you have checked, and export approved documents only."
        )


def _task(one: Disputed) -> dict[str, Any]:
    units = Units(one.doc.text)
    return {
        "text": one.doc.text,
        "label": [[units.of(e.start_char), units.of(e.end_char), e.label_] for e in one.doc.ents],
        ID: one.id,
        **described(one),
    }


def _entity(raw: Any, units: Units) -> Entity:
    if isinstance(raw, dict):
        raw = [raw.get("start_offset"), raw.get("end_offset"), raw.get("label")]
    start, end, label = [*raw, None, None, None][:3] if isinstance(raw, list) else (None, None, None)
    first, last = units.character(whole(start)), units.character(whole(end))
    if first is None or last is None:
        return NOWHERE, NOWHERE, str(label)
    return first, last, str(label)
