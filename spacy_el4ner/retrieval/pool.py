"""The demonstration pool of a component: made from labelled documents, indexed, saved."""

from collections.abc import Callable, Container, Iterable, Sequence
from functools import cached_property
from typing import Any, cast

import srsly
from spacy.tokens import Doc

from spacy_el4ner.progress import track
from spacy_el4ner.retrieval.base import PoolEntry, Retriever
from spacy_el4ner.retrieval.lexicon import Lexicon
from spacy_el4ner.types import Demonstration, Mention, Window


class Pool:
    """entries (list[PoolEntry]): The labelled sentences with their pre-extracted spans. To change
    them, set another list, from which the derived data is rebuilt.
    """

    def __init__(self) -> None:
        self.entries = []

    @property
    def entries(self) -> list[PoolEntry]:
        """RETURNS (list[PoolEntry]): The labelled sentences."""
        return self._entries

    @entries.setter
    def entries(self, entries: list[PoolEntry]) -> None:
        self._entries = entries
        for made in ("lexicon", "documents"):
            self.__dict__.pop(made, None)

    @cached_property
    def lexicon(self) -> Lexicon:
        """RETURNS (Lexicon): Which names the sentences have."""
        return Lexicon(entry.demonstration for entry in self.entries)

    @cached_property
    def documents(self) -> dict[str, list[Demonstration]]:
        """RETURNS (dict[str, list[Demonstration]]): The sentences by the id of their document."""
        by_document: dict[str, list[Demonstration]] = {}
        for entry in self.entries:
            name = entry.demonstration.id.rpartition("/")[0]
            by_document.setdefault(name, []).append(entry.demonstration)
        return by_document

    def take(self, pool: Sequence[Demonstration], retriever: Retriever) -> None:
        """pool (Sequence[Demonstration]): The labelled sentences, without pre-extracted spans.
        retriever (Retriever): Indexes them.
        """
        self.entries = [PoolEntry(demonstration) for demonstration in pool]
        retriever.index(self.entries)

    def merge(
        self, entries: Sequence[PoolEntry], retriever: Retriever, instead_of: Container[str]
    ) -> int:
        """Take more entries. Older ones with the same sentence, or named to be replaced, give way.

        entries (Sequence[PoolEntry]): The new ones.
        retriever (Retriever): Indexes all of them.
        instead_of (Container[str]): Ids of those to be replaced.
        RETURNS (int): How many gave way.
        """
        texts = {entry.demonstration.window.text for entry in entries}
        kept = [
            entry
            for entry in self.entries
            if entry.demonstration.id not in instead_of and entry.demonstration.window.text not in texts
        ]
        gone = len(self.entries) - len(kept)
        self.entries = [*kept, *entries]
        retriever.index(self.entries)
        return gone

    def named(self, document: str) -> frozenset[str]:
        """document (str): The id of a document.
        RETURNS (frozenset[str]): Ids of the entries that are sentences of that document.
        """
        return frozenset(demonstration.id for demonstration in self.documents.get(document, ()))

    def own(self, doc: Doc, window: Window) -> frozenset[str]:
        """doc (Doc): A document, which may have an id, `user_data["id"]`.
        window (Window): A part of it.
        RETURNS (frozenset[str]): Ids of the entries that are sentences of this very part.
        """
        document = doc.user_data.get("id")
        return frozenset() if document is None else self.parts(str(document), window.text)

    def parts(self, document: str, text: str) -> frozenset[str]:
        """document (str): The id of a document.
        text (str): A part of its text.
        RETURNS (frozenset[str]): Ids of the entries that are sentences of this very part.
        """
        own = self.documents.get(document, ())
        return frozenset(demonstration.id for demonstration in own if demonstration.window.text in text)

    def to_bytes(self, retriever: Retriever) -> bytes:
        """retriever (Retriever): The retriever that indexed the pool.
        RETURNS (bytes): The pool and the retriever's index, msgpack.
        """
        data = {
            "entries": [_plain(entry) for entry in self.entries],
            "index": retriever.to_dict() if self.entries else {},
        }
        return cast(bytes, srsly.msgpack_dumps(data))

    def from_bytes(self, data: bytes, retriever: Retriever) -> None:
        """data (bytes): The result of `to_bytes`.
        retriever (Retriever): The retriever that takes over the index.
        """
        loaded = srsly.msgpack_loads(data)
        self.entries = [_entry(plain) for plain in loaded["entries"]]
        if self.entries:
            retriever.from_dict(loaded["index"], self.entries)


def progress(show: bool) -> Callable[[Iterable[Any]], Iterable[Any]]:
    """show (bool): Whether to show progress.
    RETURNS (Callable): A function that wraps batches of the pool, and shows their progress if wanted.
    """

    def wrap(batches: Iterable[Any]) -> Iterable[Any]:
        return track(batches, "Reading the pool", unit="batches") if show else batches

    return wrap


def renamed(data: bytes, encoder: str) -> bytes:
    """data (bytes): A saved pool.
    encoder (str): What the encoder that made its index is called from now on.
    RETURNS (bytes): The same pool; one that was indexed without an encoder stays as it is.
    """
    loaded = srsly.msgpack_loads(data)
    if "encoder" not in loaded["index"]:
        return data
    loaded["index"]["encoder"] = encoder
    return cast(bytes, srsly.msgpack_dumps(loaded))


def _plain(entry: PoolEntry) -> dict[str, Any]:
    demonstration = entry.demonstration
    return {
        "id": demonstration.id,
        "text": demonstration.window.text,
        "start": demonstration.window.start,
        "tokens": [list(t) for t in demonstration.window.tokens],
        "mentions": [[m.start, m.end, m.label] for m in demonstration.mentions],
        "spans": list(entry.spans),
    }


def _entry(plain: dict[str, Any]) -> PoolEntry:
    tokens = tuple((start, end) for start, end in plain["tokens"])
    window = Window(plain["text"], plain["start"], tokens)
    mentions = tuple(Mention(*m) for m in plain["mentions"])
    return PoolEntry(Demonstration(plain["id"], window, mentions), tuple(plain["spans"]))
