"""Label Studio's tasks with predictions, JSON (https://labelstud.io/guide/predictions).

Its offsets are code points, as Python counts them; older versions counted units of UTF-16. An
export repeats the text of each span, by which one is told from the other.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from html import escape
from pathlib import Path
from typing import Any

from spacy_el4ner.corpora.documents import LabelledText
from spacy_el4ner.corpora.formats.label_studio import ID, LabelStudioTasks, is_task
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.review.choice import Disputed
from spacy_el4ner.review.tools.base import checked, described, exported, own_id

FROM, TO = "label", "text"
"""Names of the tags in the labelling interface."""


class LabelStudio:
    """Label Studio: tasks with predictions in, its JSON export back."""

    name = "label-studio"
    title = "Label Studio"
    suffix = ".json"

    def write(self, chosen: Sequence[Disputed]) -> str:
        """chosen (Sequence[Disputed]): Documents to review.
        RETURNS (str): A file that the tool imports, with the entities as suggestions.
        """
        return json.dumps([_task(one) for one in chosen], ensure_ascii=False, indent=1)

    def read(self, path: Path) -> Iterator[LabelledText]:
        """path (Path): A file that the tool exported.
        YIELDS (LabelledText): Its documents, with offsets in characters.
        RAISES (ValueError): EL106 if it is another file.
        """
        expected = (
            "is not a task with a text in its data, and annotations that are more than ids (export as "
            "JSON, not JSON-MIN)"
        )
        file = exported(CorpusFile(path), self.title, _is_readable, expected)
        texts = checked(LabelStudioTasks().labelled(file, ConversionReport()), file, self.title)
        for record, text in zip(file.records, texts, strict=True):
            data = record.value["data"] if isinstance(record.value, dict) else {}
            yield replace(text, id=own_id(data))

    def advice(self, labels: Sequence[str]) -> str:
        """labels (Sequence[str]): Labels of the documents.
        RETURNS (str): What to do next with the file, for the user.
        """
        tags = "".join(f'<Label value="{escape(label)}"/>' for label in labels)
        return (
            f'The labelling interface: <View><Labels name="{FROM}" toName="{TO}">{tags}</Labels>'
            f'<Text name="{TO}" value="$text"/></View>'
        )


def _is_readable(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("data"), dict):
        return False
    annotations = value.get("annotations") or []
    ids_only = bool(annotations) and not any(isinstance(one, dict) for one in annotations)
    return (
        isinstance(value["data"].get("text"), str)
        and not ids_only
        and (is_task(value) or not value.get("annotations"))
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
