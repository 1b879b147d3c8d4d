"""The protocols of the file formats for bulk annotation, and what the formats share."""

import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from spacy.tokens import Doc

from spacy_el4ner.bulk.files.places import START, Place, SourceIndex
from spacy_el4ner.bulk.records import Annotated, DocumentRecord
from spacy_el4ner.pipeline.attributes import confidence

EXACT = 2**53
"""Up to here, decimal numbers stand for one whole number each."""


@dataclass(frozen=True)
class Keys:
    """The keys, or columns, of an input.

    text (str): Key of the text.
    id (str): Key of the id.
    """

    text: str = "text"
    id: str = "id"


class DocumentSource(Protocol):
    """An input, read as a stream from any document on."""

    def index(self, shard_size: int) -> SourceIndex:
        """shard_size (int): Documents per shard.
        RETURNS (SourceIndex): The number of documents, and where each shard begins.
        """
        ...

    def items(self, place: Place = START) -> Iterator[Any]:
        """place (Place): The document to begin with.
        YIELDS (Any): One item a document.
        """
        ...

    def record(self, item: Any) -> DocumentRecord:
        """item (Any): An item of `items`.
        RETURNS (DocumentRecord): Its content.
        """
        ...


class Output(Protocol):
    """A format that can be written. The same documents give the same bytes."""

    def write(self, documents: Sequence[Annotated]) -> bytes:
        """documents (Sequence[Annotated]): Annotated documents.
        RETURNS (bytes): A whole file with these documents.
        """
        ...

    def replace(self, path: Path, new: Mapping[int, bytes], out: BinaryIO) -> None:
        """Write a file again, with other documents in some places.

        path (Path): The file.
        new (Mapping[int, bytes]): Place of a document, from 0 -> a whole file with the new document.
        out (BinaryIO): The file to write.
        """
        ...

    def merge(self, parts: Iterable[Path], out: BinaryIO) -> None:
        """Write one file with the documents of several, one of which is in memory at a time.

        parts (Iterable[Path]): The files, in the order of their documents.
        out (BinaryIO): The file to write.
        """
        ...


def entities(doc: Doc) -> list[dict[str, Any]]:
    """doc (Doc): An annotated document.
    RETURNS (list[dict[str, Any]]): The entities as plain data, offsets in characters. The confidence is
        null where the pipeline gives none.
    """
    return [
        {
            "start": ent.start_char,
            "end": ent.end_char,
            "label": ent.label_,
            "confidence": confidence(ent),
        }
        for ent in doc.ents
    ]


def identifier(data: dict[str, Any], key: str, line: int) -> str | int:
    """data (dict[str, Any]): What the input says of a document besides its text. An id that is used is
        taken out.
    key (str): Key of the id.
    line (int): Number of the document, from 1.
    RETURNS (str | int): The id of the input: strings and whole numbers as they are, 1001.0 as 1001,
        because many tools write a column of whole numbers with an empty cell as decimal numbers. Any
        other value stays where it is, and the id is the number of the document.
    """
    value = data.get(key)
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
        value = int(value)
    if value is None:
        data.pop(key, None)
    if not isinstance(value, str | int) or isinstance(value, bool):
        return line
    del data[key]
    return value


def plain(value: Any) -> Any:
    """value (Any): Data of an input or an output.
    RETURNS (Any): The same as data of JSON: NaN and infinities, which JSON does not have, as null, keys
        as strings, and values of other types by their names.
    """
    if value is None or isinstance(value, str | bool | int):
        return value
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(key): plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [plain(item) for item in value]
    return str(value)
