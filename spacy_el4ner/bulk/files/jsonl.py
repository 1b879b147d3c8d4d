"""JSONL, one object per line."""

import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from spacy_el4ner.bulk.files.base import Keys, entities, identifier, plain
from spacy_el4ner.bulk.files.lines import LineSource
from spacy_el4ner.bulk.records import Annotated, DocumentRecord


class JsonlSource(LineSource):
    """Documents of a JSONL file.

    path (Path): The file, in UTF-8.
    keys (Keys): Keys of text and id in its objects.
    """

    def __init__(self, path: Path, keys: Keys):
        super().__init__(path)
        self.keys = keys

    def record(self, item: tuple[int, bytes]) -> DocumentRecord:
        """item (tuple[int, bytes]): An item of `items`.
        RETURNS (DocumentRecord): The document, or why it cannot be read.
        """
        number, line = item
        try:
            data = json.loads(line)
        except (ValueError, RecursionError) as error:
            return _unreadable(number, line, f"this is not JSON: {error}")
        if not isinstance(data, dict):
            return _unreadable(number, line, f"this is not an object but {type(data).__name__}")
        text = data.pop(self.keys.text, None)
        if not isinstance(text, str):
            keys = ", ".join(map(repr, data))
            problem = f"no text under the key {self.keys.text!r}; the keys of the object: {keys}"
            return _unreadable(number, line, problem)
        own = identifier(data, self.keys.id, number)
        return DocumentRecord(number, own, text, data)


class JsonlOutput:
    """A line for each document, with id, text, ents and meta, and error if the document failed."""

    def write(self, documents: Sequence[Annotated]) -> bytes:
        """documents (Sequence[Annotated]): Annotated documents.
        RETURNS (bytes): A file with them.
        """
        return b"".join(json_line(_fields(document)) for document in documents)

    def replace(self, path: Path, new: Mapping[int, bytes], out: BinaryIO) -> None:
        """path (Path): A file.
        new (Mapping[int, bytes]): Place of a document, from 0 -> a file with the new document.
        out (BinaryIO): The file with the documents of both.
        """
        with path.open("rb") as lines:
            for place, line in enumerate(lines):
                out.write(new.get(place, line))

    def merge(self, parts: Iterable[Path], out: BinaryIO) -> None:
        """parts (Iterable[Path]): Files of shards, in order.
        out (BinaryIO): The file that gets all of their documents.
        """
        for path in parts:
            with path.open("rb") as part:
                shutil.copyfileobj(part, out)


def json_line(data: dict[str, Any]) -> bytes:
    """data (dict[str, Any]): An object.
    RETURNS (bytes): A line of valid JSON, in UTF-8, which has no bytes for halves of surrogate pairs;
        they are escaped.
    """
    data = plain(data)
    try:
        return json.dumps(data, ensure_ascii=False, allow_nan=False).encode("utf8") + b"\n"
    except UnicodeEncodeError:
        return json.dumps(data, allow_nan=False).encode("ascii") + b"\n"


def _fields(document: Annotated) -> dict[str, Any]:
    """The object of a document."""
    record = document.record
    fields = {
        "id": record.id,
        "text": record.text,
        "ents": entities(document.doc),
        "meta": record.meta,
    }
    return {**fields, "error": document.error} if document.error else fields


def _unreadable(number: int, line: bytes, error: str) -> DocumentRecord:
    """A line that holds no document."""
    return DocumentRecord(number, number, line.decode("utf8", errors="replace"), error=error)
