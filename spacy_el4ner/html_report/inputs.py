"""The inputs of the page: files of metrics, annotated documents and gold documents."""

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin

from spacy_el4ner.corpora import read_docs, unannotated
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.html_report.tables import Section, ensemble_section, fusion_section
from spacy_el4ner.progress import track

T = TypeVar("T")
BATCH = 16
"""Documents that are annotated together, between two updates of the progress."""

FILES: dict[str, tuple[str, Callable[[dict[str, Any]], Section]]] = {
    "ensemble.json": ("`evaluate`", ensemble_section),
    "fusion.json": ("`evaluate-fusion`", fusion_section),
}
"""File of a folder of metrics -> the command that writes it, and the function that makes a section."""


def read_sections(folder: Path) -> list[Section]:
    """folder (Path): A folder of metrics.
    RETURNS (list[Section]): A section for each of its files.
    RAISES (ValueError): EL100, it has none of `FILES`; EL101, one of them is something else.
    """
    sections = []
    for name, (command, section) in FILES.items():
        path = folder / name
        if path.is_file():
            sections.append(read_figures(path, command, section))
    if not sections:
        raise EL4NERValueError(Errors.EL100.format(path=folder))
    return sections


def read_figures(path: Path, command: str, make: Callable[[dict[str, Any]], T]) -> T:
    """path (Path): A JSON file.
    command (str): The command that should have written it, for the error.
    make (Callable): Converts its content.
    RETURNS (T): The converted content.
    RAISES (ValueError): EL101, the file holds something else.
    """
    try:
        return make(json.loads(path.read_text(encoding="utf8")))
    except KeyError as error:
        problem = f"it has no {error}"
        raise EL4NERValueError(
            Errors.EL101.format(path=path, command=command, problem=problem)
        ) from error
    except (AttributeError, TypeError, ValueError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise EL4NERValueError(
            Errors.EL101.format(path=path, command=command, problem=problem)
        ) from error


def read_annotated(path: Path) -> list[Doc]:
    """path (Path): A .spacy file.
    RETURNS (list[Doc]): Its documents, with custom attributes and user data.
    RAISES (ValueError): EL008, the file is something else; EL102, it is empty.
    """
    try:
        docs = list(DocBin(store_user_data=True).from_disk(path).get_docs(spacy.blank("xx").vocab))
    except OSError:
        raise
    except Exception as error:
        # Broken bytes raise errors of zlib, msgpack or numpy.
        problem = f"this is not a DocBin ({type(error).__name__}: {error})"
        raise EL4NERValueError(Errors.EL008.format(path=path, line=1, problem=problem)) from error
    if not docs:
        raise EL4NERValueError(Errors.EL102.format(path=path))
    return docs


def matching(docs: Sequence[Doc], gold: Sequence[Doc], path: Path) -> list[Doc]:
    """docs (Sequence[Doc]): Annotated documents.
    gold (Sequence[Doc]): Documents with gold entities, in any order; perhaps more of them.
    path (Path): The file of the gold documents, for the error.
    RETURNS (list[Doc]): For each annotated document the gold document with its text. Documents with
        equal texts are matched in order.
    RAISES (ValueError): EL103, an annotated document has no gold document.
    """
    by_text: dict[str, list[Doc]] = {}
    for doc in reversed(gold):
        by_text.setdefault(doc.text, []).append(doc)
    matches = [by_text[doc.text].pop() if by_text.get(doc.text) else None for doc in docs]
    lost = [doc.text for doc, match in zip(docs, matches, strict=True) if match is None]
    if lost:
        message = Errors.EL103.format(n=len(lost), total=len(docs), path=path, text=lost[0][:80])
        raise EL4NERValueError(message)
    return [match for match in matches if match is not None]


def annotate_gold(nlp: Language, path: Path, limit: int) -> tuple[list[Doc], list[Doc]]:
    """nlp (Language): A pipeline.
    path (Path): A labelled corpus.
    limit (int): Documents to annotate, the first ones; 0 for all.
    RETURNS (tuple[list[Doc], list[Doc]]): The documents as the pipeline annotates them, and the gold
        documents, in the same order.
    """
    gold = read_docs(path, nlp.vocab, nlp=nlp)[: limit or None]
    texts = [unannotated(doc) for doc in gold]
    return list(track(nlp.pipe(texts, batch_size=BATCH), "Annotating", len(texts))), gold
