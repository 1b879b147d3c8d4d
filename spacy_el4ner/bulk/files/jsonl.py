"""JSONL: an object a line."""

import json
import shutil
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, BinaryIO

from spacy_el4ner.bulk.files.base import Keys, entities, identifier
from spacy_el4ner.bulk.files.lines import LineSource
from spacy_el4ner.bulk.records import Annotated, Record


class JsonlSource(LineSource):
    """path (Path): The file, in UTF-8.
    keys (Keys): Where text and id stand in its objects.
    """

    def __init__(self, path: Path, keys: Keys):
        super().__init__(path)
        self.keys = keys

    def record(self, item: tuple[int, bytes]) -> Record:
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
        return Record(number, identifier(data.pop(self.keys.id, None), number), text, data)


class JsonlOutput:
    """A line a document: id, text, ents and meta; error where it failed."""

    def write(self, documents: Sequence[Annotated]) -> bytes:
        return b"".join(json_line(_plain(document)) for document in documents)

    def merge(self, parts: Iterable[Path], out: BinaryIO) -> None:
        for path in parts:
            with path.open("rb") as part:
                shutil.copyfileobj(part, out)


def json_line(data: dict[str, Any]) -> bytes:
    """RETURNS (bytes): An object as a line of JSON, in UTF-8. That has no bytes for halves of surrogate
    pairs, which are escaped.
    """
    try:
        return json.dumps(data, ensure_ascii=False, default=str).encode("utf8") + b"\n"
    except UnicodeEncodeError:
        return json.dumps(data, default=str).encode("ascii") + b"\n"


def _plain(document: Annotated) -> dict[str, Any]:
    record = document.record
    plain = {
        "id": record.id,
        "text": record.text,
        "ents": entities(document.doc),
        "meta": record.meta,
    }
    return {**plain, "error": document.error} if document.error else plain


def _unreadable(number: int, line: bytes, error: str) -> Record:
    return Record(number, number, line.decode("utf8", errors="replace"), error=error)
