"""Parquet, read in batches of rows and written as one row group per shard, with pyarrow."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from spacy_el4ner.bulk.files.base import Keys, entities, identifier, plain
from spacy_el4ner.bulk.files.places import START, Place, SourceIndex, index_of_blocks
from spacy_el4ner.bulk.records import Annotated, DocumentRecord
from spacy_el4ner.bulk.texts import mended
from spacy_el4ner.errors import EL4NERImportError, EL4NERValueError, Errors

BATCH = 256
"""Rows in memory at a time while reading."""


def arrow() -> Any:
    """RETURNS (module): pyarrow, with its part for Parquet.
    RAISES (ImportError): EL062.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise EL4NERImportError(Errors.EL062) from error
    return pyarrow


def entities_type(provenance: bool = False) -> Any:
    """provenance (bool): Whether entities have a provenance.
    RETURNS (DataType): A list of structs, as `entities` gives them.
    """
    pyarrow = arrow()
    string, int64 = pyarrow.string(), pyarrow.int64()
    entity = {"start": int64, "end": int64, "label": string, "confidence": pyarrow.float64()}
    return pyarrow.list_(pyarrow.struct({**entity, "provenance": string} if provenance else entity))


class ParquetSource:
    """path (Path): The file.
    keys (Keys): The columns of text and id.
    """

    def __init__(self, path: Path, keys: Keys):
        self.path = path
        self.keys = keys
        self.pyarrow = arrow()

    def index(self, shard_size: int) -> SourceIndex:
        """shard_size (int): Documents per shard.
        RETURNS (SourceIndex): The row group in which each shard begins.
        """
        with self._open() as file:
            groups = range(file.num_row_groups)
            sizes = [file.metadata.row_group(group).num_rows for group in groups]
        return index_of_blocks(sizes, shard_size)

    def items(self, place: Place = START) -> Iterator[tuple[int, dict[str, Any]]]:
        """place (Place): The document to begin with.
        YIELDS (tuple[int, dict[str, Any]]): Number, from 1, and content of each document.
        """
        number, skip = place.number, place.skip
        for batch in self._batches(place.at):
            # A skipped row is not made an object of Python, which is what takes the time.
            skipped = min(skip, len(batch))
            yield from enumerate(batch.slice(skipped).to_pylist(), number + skipped)
            number, skip = number + len(batch), skip - skipped

    def record(self, item: tuple[int, dict[str, Any]]) -> DocumentRecord:
        """item (tuple[int, dict[str, Any]]): An item of `items`.
        RETURNS (DocumentRecord): The document, or why it cannot be read.
        """
        number, row = item
        text = row.pop(self.keys.text, None)
        own = identifier(row, self.keys.id, number)
        if not isinstance(text, str):
            columns = ", ".join(map(repr, row))
            problem = f"no text in the column {self.keys.text!r}; the other columns: {columns}"
            return DocumentRecord(number, own, "", row, error=problem)
        return DocumentRecord(number, own, text, row)

    def _batches(self, first: int) -> Iterator[Any]:
        """The rows from a row group on. One at a time: pyarrow fills a batch from the next one."""
        with self._open() as file:
            for group in range(first, file.num_row_groups):
                yield from file.iter_batches(BATCH, row_groups=[group])

    def _open(self) -> Any:
        try:
            return self.pyarrow.parquet.ParquetFile(self.path)
        except self.pyarrow.ArrowInvalid as error:
            problem = f"this is not a Parquet file ({error})"
            raise EL4NERValueError(
                Errors.EL008.format(path=self.path, line=1, problem=problem)
            ) from error


class ParquetOutput:
    """A row for each document: id, text, ents, meta (as JSON) and error. Halves of surrogate pairs
    become U+FFFD.
    """

    def __init__(self) -> None:
        self.pyarrow = arrow()
        string = self.pyarrow.string()
        self.schema = self.pyarrow.schema(
            {"id": string, "text": string, "ents": entities_type(), "meta": string, "error": string}
        )

    def write(self, documents: Sequence[Annotated]) -> bytes:
        """documents (Sequence[Annotated]): Annotated documents.
        RETURNS (bytes): A file with them.
        """
        rows = [
            {
                "id": mended(str(document.record.id)),
                "text": mended(document.record.text),
                "ents": entities(document.doc),
                "meta": json.dumps(plain(document.record.meta), allow_nan=False),
                "error": document.error or None,
            }
            for document in documents
        ]
        data = BytesIO()
        table = self.pyarrow.Table.from_pylist(rows, schema=self.schema)
        self.pyarrow.parquet.write_table(table, data)
        return data.getvalue()

    def replace(self, path: Path, new: Mapping[int, bytes], out: BinaryIO) -> None:
        """path (Path): A file.
        new (Mapping[int, bytes]): Place of a document, from 0 -> a file with the new document.
        out (BinaryIO): The file with the documents of both, in row groups of the same size.
        """
        place = 0
        parquet = self.pyarrow.parquet
        with (
            parquet.ParquetFile(path) as file,
            parquet.ParquetWriter(out, self.schema) as writer,
        ):
            for group in range(file.num_row_groups):
                rows = file.read_row_group(group).to_pylist()
                for n in range(len(rows)):
                    if (data := new.get(place + n)) is not None:
                        (rows[n],) = parquet.read_table(BytesIO(data), schema=self.schema).to_pylist()
                writer.write_table(self.pyarrow.Table.from_pylist(rows, schema=self.schema))
                place += len(rows)

    def merge(self, parts: Iterable[Path], out: BinaryIO) -> None:
        """parts (Iterable[Path]): Files of shards, in order.
        out (BinaryIO): The file that gets all of their documents.
        """
        with self.pyarrow.parquet.ParquetWriter(out, self.schema) as writer:
            for path in parts:
                writer.write_table(self.pyarrow.parquet.read_table(path, schema=self.schema))
