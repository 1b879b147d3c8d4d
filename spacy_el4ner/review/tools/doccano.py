"""doccano's sequence labelling, JSONL.

Its offsets are units of UTF-16, those of the browser it runs in, so that every character after an emoji
stands one further than Python counts. It knows no rejection: what is exported counts as accepted.
Projects that count grapheme clusters as one character have other offsets, which are not read here.
"""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from spacy_el4ner.corpora.documents import LabelledText
from spacy_el4ner.corpora.formats.doccano import ID, DoccanoExport
from spacy_el4ner.corpora.options import ReadOptions
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.review.choice import Disputed
from spacy_el4ner.review.tools.base import checked, described, exported, own_id, to_lines
from spacy_el4ner.text.utf16 import Units


class Doccano:
    """doccano's sequence labelling: texts with labels in, the same back."""

    name = "doccano"
    title = "doccano"
    suffix = ".jsonl"

    def write(self, chosen: Sequence[Disputed]) -> str:
        """chosen (Sequence[Disputed]): Documents to review.
        RETURNS (str): A file that the tool imports, with the entities as suggestions.
        """
        return to_lines([_task(one) for one in chosen])

    def read(self, path: Path) -> Iterator[LabelledText]:
        """path (Path): A file that the tool exported.
        YIELDS (LabelledText): Its documents, with offsets in characters.
        RAISES (ValueError): EL106 if it is another file.
        """
        expected = "is not an object with a text and 'label', 'labels' or 'entities'"
        file = exported(CorpusFile(path), self.title, _is_labelled, expected)
        values = [record.value for record in file.records if isinstance(record.value, dict)]
        if any(ID in value for value in values):
            # Written by this tool's `write`, whose unit is known.
            file.options = ReadOptions(offsets="utf16")
        texts = checked(DoccanoExport().labelled(file, ConversionReport()), file, self.title)
        for value, text in zip(values, texts, strict=True):
            # doccano's own `id` is a number in its database, and names nothing here.
            yield replace(text, id=own_id(value))

    def advice(self, labels: Sequence[str]) -> str:
        """labels (Sequence[str]): Labels of the documents.
        RETURNS (str): What to do next with the file, for the user.
        """
        return (
            "Import it as JSONL into a project for sequence labelling that does not count grapheme "
            "clusters, approve what you have checked, and export approved documents only."
        )


def _is_labelled(value: Any) -> bool:
    if not isinstance(value, dict) or not isinstance(value.get("text"), str):
        return False
    return any(isinstance(value.get(key), list) for key in ("label", "labels", "entities"))


def _task(one: Disputed) -> dict[str, Any]:
    units = Units(one.doc.text)
    return {
        "text": one.doc.text,
        "label": [[units.of(e.start_char), units.of(e.end_char), e.label_] for e in one.doc.ents],
        ID: one.id,
        **described(one),
    }
