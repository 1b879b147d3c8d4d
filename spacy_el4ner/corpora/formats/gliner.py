"""GLiNER's training data: `tokenized_text` and `ner` (https://github.com/urchade/GLiNER)."""

from collections.abc import Iterator
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.documents import DocMaker
from spacy_el4ner.corpora.formats.objects import SUFFIXES, document_id, name_of
from spacy_el4ner.corpora.source import CorpusFile


class GLiNERExamples:
    """Objects with words under `tokenized_text` and entities under `ner` as [first, last, label], in
    words, the last one included.
    """

    title = "GLiNER JSON"
    suffixes = SUFFIXES

    def sniff(self, file: CorpusFile) -> float:
        """file (CorpusFile): A file.
        RETURNS (float): The share of its objects that are examples.
        """
        values = [record.value for record in file.records if record.value is not None]
        return sum(map(_is_example, values)) / len(values) if values else 0.0

    def read(self, file: CorpusFile, maker: DocMaker) -> Iterator[Doc]:
        """file (CorpusFile): A file.
        maker (DocMaker): Makes the documents.
        YIELDS (Doc): One document an example.
        """
        for record in file.records:
            if not isinstance(record.value, dict) or not _is_example(record.value):
                maker.report.repair(reasons.NOT_AN_OBJECT)
                continue
            words = record.value["tokenized_text"]
            spans = [_span(raw, len(words)) for raw in record.value["ner"]]
            maker.report.repair(reasons.ENTITY_UNREADABLE, spans.count(None))
            if not words:
                maker.report.repair(reasons.NO_TEXT)
                continue
            doc = maker.from_words(words, [span for span in spans if span is not None])
            own = document_id(record.value)
            doc.user_data.update({"id": own} if own else {})
            yield doc


def _is_example(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("ner"), list):
        return False
    words = value.get("tokenized_text")
    return isinstance(words, list) and all(isinstance(word, str) and word for word in words)


def _span(raw: Any, length: int) -> tuple[int, int, str] | None:
    if not isinstance(raw, list) or len(raw) < 3:
        return None
    first, last, label = raw[0], raw[1], raw[2]
    if type(first) is not int or type(last) is not int or not 0 <= first <= last < length:
        return None
    name = name_of(label, {}) if isinstance(label, str) else ""
    return (first, last + 1, name) if name else None
