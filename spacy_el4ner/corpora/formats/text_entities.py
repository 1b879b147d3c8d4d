"""JSON objects with a text and its entities: the project's own form, and spaCy's `Doc.to_json`."""

from typing import Any

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.documents import LabelledText
from spacy_el4ner.corpora.formats.objects import TextObjects, document_id, read_entities, read_pairs
from spacy_el4ner.corpora.source import CorpusFile

_KEYS = ("entities", "ents")
_KEPT = ("genre",)


class TextEntities(TextObjects):
    """Objects with `text` and `entities` (or `ents`), as this project's assets and `annotate` and
    spaCy's `Doc.to_json` have them. Offsets are in characters.
    """

    title = "JSON with a text and its entities"

    def fits(self, value: Any, file: CorpusFile) -> bool:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (bool): Whether it has a text and a list of entities.
        """
        text_key, keys = _keys(file)
        return (
            isinstance(value, dict)
            and isinstance(value.get(text_key), str)
            and any(isinstance(value.get(key), list) for key in keys)
        )

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A file.
        RETURNS (float): As for any format of objects; a little for other JSON files, so that the error
            names what their objects lack.
        """
        certainty = super().sniff(file)
        if certainty and (file.options.text_key or file.options.entities_key):
            return 1.0
        return certainty or 0.15 * bool(file.suffix in self.suffixes and file.records)

    def parse(self, value: Any, file: CorpusFile) -> LabelledText:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (LabelledText): The document.
        RAISES (UnnamedNumber): If a label is a number without a name.
        """
        text_key, keys = _keys(file)
        value = value if isinstance(value, dict) else {}
        text = value.get(text_key)
        raws = next((value[key] for key in keys if isinstance(value.get(key), list)), None)
        entities, problems = read_entities(raws or [], file.options.tag_names)
        missing = raws is None and isinstance(text, str) and bool(text)
        sentences = value.get("sentences", value.get("sents"))
        return LabelledText(
            id=document_id(value),
            text=text if isinstance(text, str) else "",
            entities=entities,
            # `annotate` marks a document on which it failed.
            accepted=value.get("answer", "accept") == "accept" and not value.get("error"),
            sentences=read_pairs(sentences) if sentences is not None else (),
            tokens=read_pairs(value["tokens"]) if isinstance(value.get("tokens"), list) else (),
            meta={key: value[key] for key in _KEPT if isinstance(value.get(key), str)},
            problems=problems | ({reasons.NO_ENTITIES: 1} if missing else {}),
        )


def _keys(file: CorpusFile) -> tuple[str, tuple[str, ...]]:
    """RETURNS (tuple[str, tuple[str, ...]]): Keys of the text and of the entities."""
    options = file.options
    return options.text_key or "text", (options.entities_key,) if options.entities_key else _KEYS
