"""What a report is made from: measured figures, annotated documents, and their gold entities."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import spacy
from spacy.tokens import Doc, DocBin

from spacy_el4ner.errors import Errors
from spacy_el4ner.report.tables import Section, ensemble_section, fusion_section

T = TypeVar("T")

FILES: dict[str, tuple[str, Callable[[dict[str, Any]], Section]]] = {
    "ensemble.json": ("`evaluate`", ensemble_section),
    "fusion.json": ("`evaluate-fusion`", fusion_section),
}
"""File of a folder of metrics -> the command that writes it, and what makes a section of it."""


def read_sections(folder: Path) -> list[Section]:
    """folder (Path): A folder of metrics.
    RETURNS (list[Section]): What its files say.
    RAISES (ValueError): EL100 where there are none, EL101 where one is something else.
    """
    sections = []
    for name, (command, section) in FILES.items():
        path = folder / name
        if path.is_file():
            sections.append(read_figures(path, command, section))
    if not sections:
        raise ValueError(Errors.EL100.format(path=folder))
    return sections


def read_figures(path: Path, command: str, make: Callable[[dict[str, Any]], T]) -> T:
    """path (Path): A JSON file.
    command (str): What should have written it, for the error.
    make (Callable): Makes something of what it holds.
    RETURNS (T): What was made.
    RAISES (ValueError): EL101, it holds something else.
    """
    try:
        return make(json.loads(path.read_text(encoding="utf8")))
    except KeyError as error:
        problem = f"it has no {error}"
        raise ValueError(Errors.EL101.format(path=path, command=command, problem=problem)) from error
    except (AttributeError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise ValueError(Errors.EL101.format(path=path, command=command, problem=problem)) from error


def read_annotated(path: Path) -> list[Doc]:
    """path (Path): A .spacy file.
    RETURNS (list[Doc]): Its documents, with all that the pipeline wrote.
    RAISES (ValueError): EL008 where it is something else, EL102 where it is empty.
    """
    try:
        docs = list(DocBin(store_user_data=True).from_disk(path).get_docs(spacy.blank("xx").vocab))
    except OSError:
        raise
    except Exception as error:
        # Broken bytes surface as whatever zlib, msgpack or numpy raise.
        problem = f"this is not a DocBin ({type(error).__name__}: {error})"
        raise ValueError(Errors.EL008.format(path=path, line=1, problem=problem)) from error
    if not docs:
        raise ValueError(Errors.EL102.format(path=path))
    return docs


def matching(docs: Sequence[Doc], gold: Sequence[Doc], path: Path) -> list[Doc]:
    """docs (Sequence[Doc]): Annotated documents.
    gold (Sequence[Doc]): Documents with gold entities, in any order; there may be more of them.
    path (Path): Where these come from, for the error.
    RETURNS (list[Doc]): For each annotated document the gold one with its text; of equal texts, the
        first goes to the first.
    RAISES (ValueError): EL103, some have none.
    """
    by_text: dict[str, list[Doc]] = {}
    for doc in reversed(gold):
        by_text.setdefault(doc.text, []).append(doc)
    found = [by_text[doc.text].pop() if by_text.get(doc.text) else None for doc in docs]
    lost = [doc.text for doc, match in zip(docs, found, strict=True) if match is None]
    if lost:
        message = Errors.EL103.format(n=len(lost), total=len(docs), path=path, text=lost[0][:80])
        raise ValueError(message)
    return [match for match in found if match is not None]
