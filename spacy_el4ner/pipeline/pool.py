"""The demonstration pool of a component: made from labelled documents, indexed, saved."""

import warnings
from bisect import bisect_left
from collections.abc import Callable, Container, Iterable, Sequence
from functools import cached_property
from typing import Any, cast

import srsly
from spacy.tokens import Doc
from tqdm import tqdm

from spacy_el4ner import windows
from spacy_el4ner.errors import Warnings
from spacy_el4ner.fusion.lexicon import Lexicon
from spacy_el4ner.pipeline.four_stages import FourStages
from spacy_el4ner.retrieval.base import PoolEntry, Retriever
from spacy_el4ner.types import Demonstration, Mention, Window


class Pool:
    """entries (list[PoolEntry]): The labelled sentences with their pre-extracted spans. To change
    them, set another list: what is made of them is made anew then.
    """

    def __init__(self) -> None:
        self.entries = []

    @property
    def entries(self) -> list[PoolEntry]:
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
        found: dict[str, list[Demonstration]] = {}
        for entry in self.entries:
            name = entry.demonstration.id.rpartition("/")[0]
            found.setdefault(name, []).append(entry.demonstration)
        return found

    def build(self, pool: Sequence[Demonstration], method: FourStages, show: bool) -> None:
        """pool (Sequence[Demonstration]): The labelled sentences.
        method (FourStages): Pre-extracts their spans.
        show (bool): Whether to show a progress bar.
        """
        self.entries = method.index(pool, progress(show))

    def take(self, pool: Sequence[Demonstration], retriever: Retriever) -> None:
        """pool (Sequence[Demonstration]): The labelled sentences, without pre-extracted spans.
        retriever (Retriever): Indexes them.
        """
        self.entries = [PoolEntry(shot) for shot in pool]
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
        """RETURNS (frozenset[str]): Ids of the entries that are sentences of a document of that id."""
        return frozenset(shot.id for shot in self.documents.get(document, ()))

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
        return frozenset(shot.id for shot in own if shot.window.text in text)

    def to_bytes(self, retriever: Retriever) -> bytes:
        """RETURNS (bytes): The pool and the retriever's index, msgpack."""
        data = {
            "entries": [_plain(entry) for entry in self.entries],
            "index": retriever.to_dict() if self.entries else {},
        }
        return cast(bytes, srsly.msgpack_dumps(data))

    def from_bytes(self, data: bytes, retriever: Retriever) -> None:
        """Fill this pool and the retriever with what `to_bytes` wrote."""
        loaded = srsly.msgpack_loads(data)
        self.entries = [_entry(plain) for plain in loaded["entries"]]
        if self.entries:
            retriever.from_dict(loaded["index"], self.entries)


def progress(show: bool) -> Callable[[Iterable[Any]], Iterable[Any]]:
    """RETURNS (Callable): Wraps batches of the pool in a progress bar, if it is to be shown."""

    def wrap(batches: Iterable[Any]) -> Iterable[Any]:
        bar: Iterable[Any] = tqdm(batches, desc="Reading the pool", disable=not show)
        return bar

    return wrap


def demonstrations(docs: Iterable[Doc]) -> list[Demonstration]:
    """docs (Iterable[Doc]): Documents with gold entities.
    RETURNS (list[Demonstration]): Their sentences, named by the document's id (its `user_data["id"]`,
        else its number) and their own number. An entity across a sentence boundary is left out, and so
        is a sentence of which it is not known where its entities are, with a warning.
    """
    found, unknown = [], 0
    for number, doc in enumerate(docs):
        name = doc.user_data.get("id", str(number))
        gold = Gold(doc)
        for n, window in enumerate(windows.cut(doc, 1)):
            if is_annotated(doc, window):
                found.append(Demonstration(f"{name}/{n}", window, gold.mentions(window)))
            else:
                unknown += 1
    if unknown:
        warnings.warn(Warnings.WL005.format(n=unknown, total=unknown + len(found)), stacklevel=2)
    return found


def is_annotated(doc: Doc, window: Window) -> bool:
    """RETURNS (bool): Whether each token of a window is known to be in an entity or in none."""
    end = window.start + len(window.text)
    span = doc.char_span(window.start, end, alignment_mode="expand") if window.tokens else None
    return all(token.ent_iob for token in span or () if windows.visible(token))


class Gold:
    """The entities of a document, gathered once for all of its windows.

    doc (Doc): The document.
    """

    def __init__(self, doc: Doc):
        self._mentions: list[Mention] = []
        for entity in doc.ents:
            words = [token for token in entity if windows.visible(token)]
            if words:
                start, end = words[0].idx, words[-1].idx + len(words[-1])
                self._mentions.append(Mention(start, end, entity.label_))
        self._starts = [m.start for m in self._mentions]

    def mentions(self, window: Window) -> tuple[Mention, ...]:
        """RETURNS (tuple[Mention, ...]): Those that lie in a window, offsets in it."""
        first, last = (bisect_left(self._starts, at) for at in (window.start, window.end))
        return tuple(
            Mention(m.start - window.start, m.end - window.start, m.label)
            for m in self._mentions[first:last]
            if m.end <= window.end
        )


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
    shot = entry.demonstration
    return {
        "id": shot.id,
        "text": shot.window.text,
        "start": shot.window.start,
        "tokens": [list(t) for t in shot.window.tokens],
        "mentions": [[m.start, m.end, m.label] for m in shot.mentions],
        "spans": list(entry.spans),
    }


def _entry(plain: dict[str, Any]) -> PoolEntry:
    tokens = tuple((start, end) for start, end in plain["tokens"])
    window = Window(plain["text"], plain["start"], tokens)
    mentions = tuple(Mention(*m) for m in plain["mentions"])
    return PoolEntry(Demonstration(plain["id"], window, mentions), tuple(plain["spans"]))
