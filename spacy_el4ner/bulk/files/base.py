"""What a file format is to a bulk annotation: something to read, something to write, or both."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO, Protocol

from spacy.tokens import Doc, Span

from spacy_el4ner.bulk.records import Annotated, Record


@dataclass(frozen=True)
class Keys:
    """text (str), id (str): Under which keys, or in which columns, the input has them."""

    text: str = "text"
    id: str = "id"


class Source(Protocol):
    """An input, read as a stream."""

    def count(self) -> int:
        """RETURNS (int): The documents in it, unreadable ones too."""
        ...

    def items(self) -> Iterator[Any]:
        """YIELDS (Any): One item a document, as cheaply as may be: most of them are passed over by a
        worker that resumes, or that has only some of the shards.
        """
        ...

    def record(self, item: Any) -> Record:
        """RETURNS (Record): What is in an item."""
        ...


class Output(Protocol):
    """A format that can be written. The same documents give the same bytes."""

    def write(self, documents: Sequence[Annotated]) -> bytes:
        """RETURNS (bytes): A whole file with these documents."""
        ...

    def merge(self, parts: Iterable[Path], out: BinaryIO) -> None:
        """Write one file with the documents of several, one of which is in memory at a time."""
        ...


def entities(doc: Doc) -> list[dict[str, Any]]:
    """RETURNS (list[dict[str, Any]]): The entities as plain data, offsets in characters. The confidence
    is null where the pipeline gives none.
    """
    sure = Span.has_extension("confidence")
    return [
        {
            "start": ent.start_char,
            "end": ent.end_char,
            "label": ent.label_,
            "confidence": ent._.confidence if sure else None,
        }
        for ent in doc.ents
    ]


def identifier(value: Any, line: int) -> str | int:
    """RETURNS (str | int): The id that an input gives, or where it gives none the line."""
    return value if isinstance(value, str | int) and not isinstance(value, bool) else line
