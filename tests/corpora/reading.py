"""Corpora written into a folder and read back."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import spacy
from spacy.tokens import Doc

from spacy_el4ner.corpora import ConversionReport, ReadOptions, read_docs

NLP = spacy.blank("en")
ANN = {"text": "Ann left Paris.", "entities": [[0, 3, "PER"], [9, 14, "LOC"]]}
ANN_ENTS = [("Ann", "PER"), ("Paris", "LOC")]

Ents = list[tuple[str, str]]


def read(
    folder: Path, content: str | bytes, name: str = "a.conll", **options: Any
) -> tuple[list[Doc], ConversionReport]:
    """The documents of a file with this content, and the report of reading it."""
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    report = ConversionReport()
    return read_docs(path, nlp=NLP, report=report, options=ReadOptions(**options)), report


def read_objects(folder: Path, *objects: Any, **options: Any) -> tuple[list[Doc], ConversionReport]:
    """As `read`, of a file with a JSON object a line."""
    return read(folder, "\n".join(json.dumps(o) for o in objects), "a.jsonl", **options)


def ents(doc: Doc) -> Ents:
    """Text and label of each entity."""
    return [(ent.text, ent.label_) for ent in doc.ents]


def rows(*pairs: str) -> str:
    """Lines of tokens and tags, each pair given as "token tag"."""
    return "".join("\t".join(pair.split(" ")) + "\n" for pair in pairs)


def numbered(folder: Path, name: str, count: int) -> None:
    """A file of that many documents."""
    lines = "\n".join(f"{name}{n}\tB-X\n" for n in range(count))
    (folder / f"{name}.conll").write_text(lines, encoding="utf-8")


def words_of(docs: Sequence[Doc]) -> list[str]:
    """The tokens of all documents."""
    return [token.text for doc in docs for token in doc]
