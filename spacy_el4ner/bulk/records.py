"""What passes between the files, the workers and the output of a bulk annotation."""

from dataclasses import dataclass, field
from typing import Any

from spacy.tokens import Doc


@dataclass(frozen=True)
class Record:
    """One document of the input.

    line (int): Where it stands, from 1: a line, a row, or a document of a DocBin.
    id (str | int): Its own id, or `line` where it has none.
    text (str): Its text; of a line that cannot be read, the line.
    meta (dict[str, Any]): The other keys of the input.
    doc (bytes): What `Doc.to_bytes` gives, where the input holds documents and not texts.
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
    """A document on its way to the output.

    record (Record): What was read.
    doc (Doc): The document, without annotation where it failed.
    error (str): Why it failed, or "".
    """

    record: Record
    doc: Doc
    error: str = ""


@dataclass(frozen=True)
class Part:
    """A finished shard.

    number (int): Which.
    documents (int): Of the input, those too that cannot be read.
    data (bytes): Its documents, as a file of the output's format.
    failures (bytes): A JSON object a line for each of its documents that failed.
    """

    number: int
    documents: int
    data: bytes
    failures: bytes = b""
