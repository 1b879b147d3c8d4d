"""Training data of spaCy 2: tuples of a text and its entities, and the JSON of its command line."""

from collections.abc import Iterator
from typing import Any

from spacy.tokens import Doc
from spacy.training.converters.json_to_docs import json_to_docs

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.documents import DocMaker, LabelledText
from spacy_el4ner.corpora.formats.objects import SUFFIXES, TextObjects, document_id, read_entities
from spacy_el4ner.corpora.source import CorpusFile


class SpacyTuples(TextObjects):
    """Lists [text, {"entities": [[start, end, label], …]}], offsets in characters."""

    title = "spaCy 2 tuples"
    weight = 1.0

    def fits(self, value: Any, file: CorpusFile) -> bool:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (bool): Whether it is a text with entities.
        """
        return (
            isinstance(value, list)
            and len(value) == 2
            and isinstance(value[0], str)
            and isinstance(value[1], dict)
            and isinstance(value[1].get("entities"), list)
        )

    def parse(self, value: Any, file: CorpusFile) -> LabelledText:
        """value (Any): A JSON object or list.
        file (CorpusFile): The file it stands in.
        RETURNS (LabelledText): The document.
        RAISES (UnnamedNumber): If a label is a number without a name.
        """
        if not self.fits(value, file):
            return LabelledText("", "", ())
        text, annotation = value
        entities, problems = read_entities(annotation["entities"], file.options.tag_names)
        return LabelledText(document_id(annotation), text, entities, problems=problems)


class SpacyTrainJson:
    """Objects with `paragraphs`, of sentences with tokens and their `ner`; read by spaCy itself."""

    title = "spaCy 2 training JSON"
    suffixes = SUFFIXES

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A file.
        RETURNS (float): The share of its objects that have paragraphs.
        """
        values = [record.value for record in file.records if record.value is not None]
        return sum(map(_has_paragraphs, values)) / len(values) if values else 0.0

    def read(self, file: CorpusFile, maker: DocMaker) -> Iterator[Doc]:
        """file (CorpusFile): A file.
        maker (DocMaker): Its vocab is that of the documents.
        YIELDS (Doc): One document a paragraph.
        """
        for record in file.records:
            if not isinstance(record.value, dict) or not _has_paragraphs(record.value):
                maker.report.repair(reasons.NOT_AN_OBJECT)
                continue
            for doc in json_to_docs([record.value]):  # type: ignore[no-untyped-call]
                yield Doc(maker.vocab).from_bytes(doc.to_bytes())


def _has_paragraphs(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("paragraphs"), list)
