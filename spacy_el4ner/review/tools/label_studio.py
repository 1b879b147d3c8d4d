"""Label Studio's tasks with predictions, JSON (https://labelstud.io/guide/predictions).

Its offsets are code points, as Python counts them; older versions counted units of UTF-16. An
export repeats the text of each span, by which one is told from the other.
"""

import json
from collections.abc import Iterator, Sequence
from html import escape
from pathlib import Path
from typing import Any

from spacy_el4ner.review.choice import Disputed
from spacy_el4ner.review.tools.base import (
    Reviewed,
    described,
    read_text,
    whole,
    wrong,
)
from spacy_el4ner.utf16 import Units

ID = "el4ner_id"
FROM, TO = "label", "text"
"""Names of the tags in the labelling interface."""


class LabelStudio:
    name = "label-studio"
    title = "Label Studio"
    suffix = ".json"

    def write(self, chosen: Sequence[Disputed]) -> str:
        return json.dumps([_task(one) for one in chosen], ensure_ascii=False, indent=1)

    def read(self, path: Path) -> Iterator[Reviewed]:
        try:
            tasks = json.loads(read_text(path, self.title))
        except ValueError as error:
            if str(error).startswith("[EL"):
                raise
            raise wrong(path, self.title, "it is not JSON") from error
        if not isinstance(tasks, list):
            raise wrong(path, self.title, "it is not a list of tasks")
        for number, task in enumerate(tasks, 1):
            data = task.get("data") if isinstance(task, dict) else None
            if not isinstance(data, dict) or not isinstance(data.get("text"), str):
                problem = f"task {number} has no text in its data (export as JSON, not JSON-MIN)"
                raise wrong(path, self.title, problem)
            yield _reviewed(task, data)

    def advice(self, labels: Sequence[str]) -> str:
        tags = "".join(f'<Label value="{escape(label)}"/>' for label in labels)
        return (
            f'The labelling interface: <View><Labels name="{FROM}" toName="{TO}">{tags}</Labels>'
            f'<Text name="{TO}" value="$text"/></View>'
        )


def _task(one: Disputed) -> dict[str, Any]:
    return {
        "data": {"text": one.doc.text, ID: one.id, **described(one)},
        "predictions": [
            {
                "model_version": "spacy-el4ner",
                "score": round(1 - one.dispute, 3),
                "result": [
                    {
                        "id": f"entity-{n}",
                        "from_name": FROM,
                        "to_name": TO,
                        "type": "labels",
                        "value": {
                            "start": ent.start_char,
                            "end": ent.end_char,
                            "text": ent.text,
                            "labels": [ent.label_],
                        },
                    }
                    for n, ent in enumerate(one.doc.ents)
                ],
            }
        ],
    }


def _reviewed(task: dict[str, Any], data: dict[str, Any]) -> Reviewed:
    """The last annotation that was not skipped; predictions are none."""
    text, own = data["text"], str(data.get(ID, ""))
    annotations = [a for a in task.get("annotations") or () if not a.get("was_cancelled")]
    if not annotations:
        return Reviewed(own, text, (), accepted=False)
    last = max(annotations, key=lambda a: str(a.get("updated_at") or ""))
    values = [r.get("value", {}) for r in last.get("result") or () if r.get("type") == "labels"]
    entities = [
        (*_place(text, value), str(label)) for value in values for label in value.get("labels", ())
    ]
    return Reviewed(own, text, tuple(entities))


def _place(text: str, value: dict[str, Any]) -> tuple[int, int]:
    start, end = whole(value.get("start")), whole(value.get("end"))
    surface = value.get("text")
    if surface is None or text[start:end] == surface:
        return start, end
    units = Units(text)
    first, last = units.character(start), units.character(end)
    if first is not None and last is not None and text[first:last] == surface:
        return first, last
    return start, end
