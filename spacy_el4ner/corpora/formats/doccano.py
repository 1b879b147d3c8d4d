"""doccano's JSONL of sequence labelling, in its several versions.

Its offsets are units of UTF-16, those of the browser it runs in, so that every character after an emoji
stands one further than Python counts. Projects that count grapheme clusters as one character have other
offsets, which are not read here.
"""

from typing import Any

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.documents import LabelledText
from spacy_el4ner.corpora.formats.objects import TextObjects, document_id, read_entities
from spacy_el4ner.corpora.source import CorpusFile

ID = "el4ner_id"
"""Key of the id that this project gave a document."""
_PLAIN = ("label", "labels")
_OBJECTS = ("entities", "annotations")


class DoccanoExport(TextObjects):
    """Objects with `text` and `label` (or `labels`) as [start, end, label], or with `entities` (or, in
    old versions, `annotations`, whose labels are numbers) as objects with `start_offset`.
    """

    title = "doccano JSONL"
    offsets = "utf16"
    weight = 0.9

    def fits(self, value: Any, file: CorpusFile) -> bool:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (bool): Whether it has a text and a list of labels in one of doccano's forms.
        """
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            return False
        plain = any(_are(value.get(key), _is_triple) for key in _PLAIN)
        return plain or any(_are(value.get(key), _is_object) for key in _OBJECTS)

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A file.
        RETURNS (float): As for any format of objects, if any of them is plainly doccano's.
        """
        values = [record.value for record in file.records if isinstance(record.value, dict)]
        plainly = any(
            isinstance(value.get(key), list) and (value[key] or key != "entities")
            for value in values
            for key in (*_PLAIN, *_OBJECTS)
        )
        return super().sniff(file) if plainly else 0.0

    def parse(self, value: Any, file: CorpusFile) -> LabelledText:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (LabelledText): The document. Its name is the id that this project gave it, if it did.
        RAISES (UnnamedNumber): If a label is a number without a name.
        """
        value = value if isinstance(value, dict) else {}
        text = value.get("text")
        raws = next(
            (value[key] for key in (*_PLAIN, *_OBJECTS) if isinstance(value.get(key), list)), None
        )
        entities, problems = read_entities(raws or [], file.options.tag_names)
        missing = raws is None and isinstance(text, str) and bool(text)
        return LabelledText(
            id=document_id(value) if value.get(ID) is None else str(value[ID]),
            text=text if isinstance(text, str) else "",
            entities=entities,
            accepted=value.get("answer", "accept") == "accept",
            problems=problems | ({reasons.NO_ENTITIES: 1} if missing else {}),
        )


def _are(raws: Any, test: Any) -> bool:
    return isinstance(raws, list) and all(map(test, raws))


def _is_triple(raw: Any) -> bool:
    return isinstance(raw, list) and len(raw) == 3


def _is_object(raw: Any) -> bool:
    return isinstance(raw, dict) and "start_offset" in raw
