"""Prodigy's JSONL, as `db-out` exports it (https://prodi.gy/docs/api-interfaces#ner_manual)."""

from typing import Any

from spacy_el4ner.corpora.documents import LabelledText
from spacy_el4ner.corpora.formats.objects import TextObjects, document_id, read_entities, read_pairs
from spacy_el4ner.corpora.source import CorpusFile

ACCEPT = "accept"


class ProdigyTasks(TextObjects):
    """Objects with `text` and `spans`, with an `answer` or without. Offsets are in characters, and
    spans begin and end at the tokens that are given with the text. A task that was answered and has no
    spans has no entities.
    """

    title = "Prodigy JSONL"
    unit_is_certain = True
    weight = 0.9

    def fits(self, value: Any, file: CorpusFile) -> bool:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (bool): Whether it is a task with a text.
        """
        if not isinstance(value, dict) or not isinstance(value.get("text"), str):
            return False
        answered = "answer" in value and not {"entities", "ents", "label", "labels"} & value.keys()
        return isinstance(value.get("spans"), list) or answered

    def parse(self, value: Any, file: CorpusFile) -> LabelledText:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (LabelledText): The task. Its name is the id that this project gave it, if it did.
        RAISES (UnnamedNumber): If a label is a number without a name.
        """
        value = value if isinstance(value, dict) else {}
        text, spans, meta = value.get("text"), value.get("spans"), value.get("meta")
        entities, problems = read_entities(
            spans if isinstance(spans, list) else [], file.options.tag_names
        )
        own = document_id(meta) if isinstance(meta, dict) else ""
        return LabelledText(
            id=own or document_id(value),
            text=text if isinstance(text, str) else "",
            entities=entities,
            accepted=value.get("answer", ACCEPT) == ACCEPT,
            tokens=read_pairs(value["tokens"]) if isinstance(value.get("tokens"), list) else (),
            problems=problems,
        )
