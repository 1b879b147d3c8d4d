"""The protocol of an annotation tool, and what the tools share."""

import json
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, Protocol

from spacy_el4ner.corpora.documents import LabelledText
from spacy_el4ner.corpora.formats.doccano import ID
from spacy_el4ner.corpora.report import LOST_ENTITIES
from spacy_el4ner.corpora.source import CorpusFile
from spacy_el4ner.errors import EL4NERError, EL4NERValueError, Errors
from spacy_el4ner.review.choice import Disputed

SHOWN = 5
"""Disputed spans that are named next to a document."""


class ReviewTool(Protocol):
    """An annotation tool: one class in one file, named in the registry `el4ner_review_tools`. The class
    takes no arguments.

    name (str): Its name in `--format`.
    title (str): Its own name.
    suffix (str): Suffix of its files.
    """

    name: str
    title: str
    suffix: str

    def write(self, chosen: Sequence[Disputed]) -> str:
        """chosen (Sequence[Disputed]): Documents to review.
        RETURNS (str): A file that the tool imports, with the entities as suggestions.
        """
        ...

    def read(self, path: Path) -> Iterator[LabelledText]:
        """path (Path): A file that the tool exported.
        YIELDS (LabelledText): Its documents, with offsets in characters.
        RAISES (ValueError): EL106 if it is another file.
        """
        ...

    def advice(self, labels: Sequence[str]) -> str:
        """labels (Sequence[str]): Labels of the documents.
        RETURNS (str): What to do next with the file, for the user.
        """
        ...


def described(one: Disputed) -> dict[str, Any]:
    """one (Disputed): A document.
    RETURNS (dict[str, Any]): How disputed it is, and its most disputed spans, as plain data.
    """
    text = one.doc.text
    spans = (f"{text[m.start : m.end]} ({m.label}) {d:.2f}" for m, d in one.spans[:SHOWN])
    return {"dispute": round(one.dispute, 3), "disputed": "; ".join(spans)}


def to_lines(records: Sequence[dict[str, Any]]) -> str:
    """records (Sequence[dict[str, Any]]): Objects.
    RETURNS (str): JSONL.
    """
    return "".join(json.dumps(record, ensure_ascii=False) + "\n" for record in records)


def exported(file: CorpusFile, title: str, fits: Callable[[Any], bool], expected: str) -> CorpusFile:
    """file (CorpusFile): A file that a tool is to have exported.
    title (str): The tool's own name.
    fits (Callable[[Any], bool]): Whether a JSON value is one of its documents.
    expected (str): What such a document has, for the error.
    RETURNS (CorpusFile): The file, all of whose items are documents of the tool.
    RAISES (ValueError): EL106 if it is another file.
    """
    try:
        records = file.records
    except EL4NERError as error:
        raise wrong(file.path, title, str(error)) from error
    if not records and file.text.strip():
        raise wrong(file.path, title, "it is not JSON")
    for record in records:
        if not fits(record.value):
            raise wrong(file.path, title, f"{record.place} {expected}")
    return file


def own_id(data: dict[str, Any]) -> str:
    """data (dict[str, Any]): What an export says of a document.
    RETURNS (str): The id that this package gave it; "" if it has none.
    """
    value = data.get(ID)
    return "" if value is None else str(value)


def checked(texts: Iterable[LabelledText], file: CorpusFile, title: str) -> list[LabelledText]:
    """texts (Iterable[LabelledText]): The documents of a file.
    file (CorpusFile): The file.
    title (str): The tool's own name.
    RETURNS (list[LabelledText]): The documents.
    RAISES (ValueError): EL106 if most of their entities cannot be read.
    """
    documents = list(texts)
    lost: Counter[str] = Counter()
    for text in documents:
        lost.update({reason: n for reason, n in text.problems.items() if reason in LOST_ENTITIES and n})
    if lost.total() > sum(len(text.entities) for text in documents):
        problem = "most entities cannot be read: " + "; ".join(sorted(lost))
        raise wrong(file.path, title, problem)
    return documents


def wrong(path: Path, title: str, problem: str) -> ValueError:
    """path (Path): A file.
    title (str): The tool that is to have exported it.
    problem (str): What is wrong with it.
    RETURNS (ValueError): EL106.
    """
    return EL4NERValueError(Errors.EL106.format(path=path, tool=title, problem=problem))
