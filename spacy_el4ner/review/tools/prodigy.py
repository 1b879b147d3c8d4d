"""Prodigy's tasks, JSONL (https://prodi.gy/docs/api-interfaces#ner_manual).

Its offsets are characters as Python counts them: spans begin and end at the tokens that are given with
the text. `token_end` is the last token of a span, not the one after it.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.corpora.documents import LabelledText
from spacy_el4ner.corpora.formats.prodigy import ProdigyTasks
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.review.choice import Disputed
from spacy_el4ner.review.tools.base import checked, described, exported, to_lines


class Prodigy:
    """Prodigy's ner.manual: tasks in, `db-out` back."""

    name = "prodigy"
    title = "Prodigy"
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
        expected = "is not an object with a text and an answer (export with db-out)"
        file = exported(CorpusFile(path), self.title, _is_answered, expected)
        yield from checked(ProdigyTasks().labelled(file, ConversionReport()), file, self.title)

    def advice(self, labels: Sequence[str]) -> str:
        """labels (Sequence[str]): Labels of the documents.
        RETURNS (str): What to do next with the file, for the user.
        """
        return f"python -m prodigy ner.manual DATASET blank:LANG FILE --label {','.join(labels)}"


def _is_answered(value: Any) -> bool:
    return isinstance(value, dict) and isinstance(value.get("text"), str) and "answer" in value


def _task(one: Disputed) -> dict[str, Any]:
    doc = one.doc
    return {
        "text": doc.text,
        "tokens": [
            {
                "text": t.text,
                "start": t.idx,
                "end": t.idx + len(t),
                "id": t.i,
                "ws": bool(t.whitespace_),
            }
            for t in doc
        ],
        "spans": [
            {
                "start": ent.start_char,
                "end": ent.end_char,
                "token_start": ent.start,
                "token_end": ent.end - 1,
                "label": ent.label_,
            }
            for ent in doc.ents
        ],
        "meta": {"id": one.id, **described(one)},
    }
