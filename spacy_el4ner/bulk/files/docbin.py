"""spaCy's own files, `.spacy`.

Such a file is one compressed message, which spaCy reads as a whole, so an input file is in memory while
it is read. A folder is read file by file, as spaCy reads a corpus. An output is written part by part.
"""

import json
import struct
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from itertools import islice
from pathlib import Path
from typing import Any, BinaryIO

import srsly
from spacy.tokens import Doc, DocBin
from spacy.vocab import Vocab

from spacy_el4ner.bulk.files.base import Keys, identifier, plain
from spacy_el4ner.bulk.files.places import START, Place, SourceIndex, index_of_blocks
from spacy_el4ner.bulk.records import Annotated, DocumentRecord
from spacy_el4ner.bulk.texts import mended
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.unpacking import check_size

BLOBS = ("tokens", "spaces", "lengths")
LISTS = ("cats", "flags", "span_groups", "user_data")
TRANSIENT = ("trf_data",)
"""Extensions with what a transformer computed on the way, far larger than the documents themselves."""
LEAST, MOST = -(2**63), 2**64
"""Integers from the first up to the second, exclusive, have a form in msgpack."""
LARGEST = 2**32 - 1
"""Bytes, or members, that one value of msgpack can have."""


class DocBinSource:
    """path (Path): The file, or a folder of such files.
    keys (Keys): The key of the id in the documents' `user_data`.
    """

    def __init__(self, path: Path, keys: Keys):
        self.files = sorted(path.rglob("*.spacy")) if path.is_dir() else [path]
        self.keys = keys

    def index(self, shard_size: int) -> SourceIndex:
        """shard_size (int): Documents per shard.
        RETURNS (SourceIndex): The file in which each shard begins, after one reading of all files.
        """
        return index_of_blocks([len(_read(file)) for file in self.files], shard_size)

    def items(self, place: Place = START) -> Iterator[tuple[int, Doc]]:
        """place (Place): The document to begin with.
        YIELDS (tuple[int, Doc]): Number, from 1, and content of each document.
        """
        # Not the pipeline's vocabulary, whose memory is freed after every shard.
        docs = (doc for file in self.files[place.at :] for doc in _read(file).get_docs(Vocab()))
        return islice(enumerate(docs, place.number), place.skip, None)

    def record(self, item: tuple[int, Doc]) -> DocumentRecord:
        """item (tuple[int, Doc]): An item of `items`.
        RETURNS (DocumentRecord): The document, or why it cannot be read.
        """
        number, doc = item
        meta = {key: v for key, v in doc.user_data.items() if isinstance(key, str)}
        own = identifier(meta, self.keys.id, number)
        return DocumentRecord(number, own, doc.text, meta, doc.to_bytes())


class DocBinOutput:
    """The documents with all that the pipeline wrote; `user_data` has id, meta (as JSON), and error
    where a document failed. Halves of surrogate pairs become U+FFFD.
    """

    def write(self, documents: Sequence[Annotated]) -> bytes:
        """documents (Sequence[Annotated]): Annotated documents.
        RETURNS (bytes): A file with them.
        """
        docs = DocBin(store_user_data=True)
        for document in documents:
            docs.add(_with_data(document))
        return docs.to_bytes()

    def replace(self, path: Path, new: Mapping[int, bytes], out: BinaryIO) -> None:
        """path (Path): A file, which is in memory meanwhile.
        new (Mapping[int, bytes]): Place of a document, from 0 -> a file with the new document.
        out (BinaryIO): The file with the documents of both.
        """
        both = DocBin(store_user_data=True)
        for place, doc in enumerate(_read(path).get_docs(Vocab())):
            data = new.get(place)
            if data is not None:
                (doc,) = DocBin(store_user_data=True).from_bytes(data).get_docs(Vocab())
            both.add(doc)
        out.write(both.to_bytes())

    def merge(self, parts: Iterable[Path], out: BinaryIO) -> None:
        """Write the same message as `DocBin.to_bytes`, field by field, with one pass over the parts for
        each field. Only the set of strings of all documents is in memory.

        parts (Iterable[Path]): Files of shards, in order.
        out (BinaryIO): The file that gets all of their documents.
        """
        paths = list(parts)
        pack = zlib.compressobj()

        def say(data: bytes) -> None:
            out.write(pack.compress(data))

        first = _message(paths[0])
        say(struct.pack(">B", 0x80 | (3 + len(BLOBS) + len(LISTS))))
        for key in ("version", "attrs"):
            say(_packed(key) + _packed(first[key]))
        for key in BLOBS:
            say(_packed(key))
            _blobs(paths, key, say)
        strings = {string for path in paths for string in _message(path)["strings"]}
        say(_packed("strings") + _packed(sorted(strings)))
        for key in LISTS:
            say(_packed(key))
            _lists(paths, key, say)
        out.write(pack.flush())


def _read(file: Path) -> DocBin:
    data = file.read_bytes()
    check_size(data, file)
    try:
        return DocBin(store_user_data=True).from_bytes(data)
    except Exception as error:
        # Broken bytes surface as whatever zlib, msgpack or numpy raise.
        problem = f"this is not a DocBin ({type(error).__name__}: {error})"
        raise EL4NERValueError(Errors.EL008.format(path=file, line=1, problem=problem)) from error


def _with_data(document: Annotated) -> Doc:
    doc, record = document.doc, document.record
    data: dict[Any, Any] = doc.user_data
    for extension in TRANSIENT:
        data.pop(("._.", extension, None, None), None)
    fits = isinstance(record.id, int) and LEAST <= record.id < MOST
    doc.user_data["id"] = record.id if fits else mended(str(record.id))
    if record.meta and ("id" in record.meta or not record.doc):
        doc.user_data["meta"] = json.dumps(plain(record.meta), allow_nan=False)
    doc.user_data.pop("error", None)  # of another time
    if document.error:
        doc.user_data["error"] = document.error
    return doc


def _message(path: Path) -> dict[str, Any]:
    message: dict[str, Any] = srsly.msgpack_loads(zlib.decompress(path.read_bytes()))
    return message


def _packed(value: Any) -> bytes:
    data: bytes = srsly.msgpack_dumps(value)
    return data


def _blobs(paths: Sequence[Path], key: str, say: Callable[[bytes], None]) -> None:
    say(b"\xc6" + _size(sum(len(_message(path)[key]) for path in paths)))
    for path in paths:
        say(_message(path)[key])


def _lists(paths: Sequence[Path], key: str, say: Callable[[bytes], None]) -> None:
    say(b"\xdd" + _size(sum(len(_message(path)[key]) for path in paths)))
    for path in paths:
        values = _message(path)[key]
        say(_packed(values)[_header(len(values)) :])


def _header(members: int) -> int:
    """RETURNS (int): Bytes before the members of an array in msgpack."""
    return 1 if members < 2**4 else 3 if members < 2**16 else 5


def _size(n: int) -> bytes:
    if n > LARGEST:
        raise EL4NERValueError(Errors.EL073)
    return struct.pack(">I", n)
