"""The data that passes between the files, the workers and the output of a bulk annotation."""

from dataclasses import dataclass, field
from typing import Any

from spacy.tokens import Doc


@dataclass(frozen=True)
class DocumentRecord:
    """One document of the input.

    line (int): Number of the line, row or document of a DocBin, from 1.
    id (str | int): Its id, or `line` if it has none.
    text (str): Its text; the whole line if it cannot be read.
    meta (dict[str, Any]): The other keys of the input.
    doc (bytes): The result of `Doc.to_bytes`, if the input holds documents instead of texts.
    error (str): Why it cannot be read, or "".
    """

    line: int
    id: str | int
    text: str
    meta: dict[str, Any] = field(default_factory=dict)
    doc: bytes = b""
    error: str = ""


@dataclass
class Annotated:
    """A document for the output.

    record (DocumentRecord): The document of the input.
    doc (Doc): The document, without annotation if it failed.
    error (str): Why it failed, or "".
    absent (dict[str, str]): Voters that did not answer -> the reason; the others annotated the
        document.
    """

    record: DocumentRecord
    doc: Doc
    error: str = ""
    absent: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Part:
    """A finished shard.

    number (int): Number of the shard, from 0.
    documents (int): Number of documents of the input, including unreadable ones.
    data (bytes): Its documents, as a file in the output's format.
    failures (bytes): A line with a JSON object for each document that failed.
    incomplete (bytes): A line with a JSON object for each document that only some of the voters
        annotated.
    """

    number: int
    documents: int
    data: bytes
    failures: bytes = b""
    incomplete: bytes = b""
