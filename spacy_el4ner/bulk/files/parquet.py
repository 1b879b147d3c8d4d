"""Parquet, read in batches of rows and written a row group a shard, by pyarrow."""

import json
from collections.abc import Iterable, Iterator, Sequence
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from spacy_el4ner.bulk.files.base import Keys, entities, identifier
from spacy_el4ner.bulk.records import Annotated, Record
from spacy_el4ner.bulk.texts import mended
from spacy_el4ner.errors import Errors

BATCH = 256
"""Rows in memory at a time while reading."""


def arrow() -> Any:
    """RETURNS (module): pyarrow, with its part for Parquet.
    RAISES (ImportError): EL062.
    """
    try:
        import pyarrow.parquet
    except ImportError as error:
        raise ImportError(Errors.EL062) from error
    return pyarrow


class ParquetSource:
    """path (Path): The file.
    keys (Keys): The columns of text and id.
    """

    def __init__(self, path: Path, keys: Keys):
        self.path = path
        self.keys = keys
        self.pyarrow = arrow()

    def count(self) -> int:
        with self._open() as file:
            return int(file.metadata.num_rows)

    def items(self) -> Iterator[tuple[int, dict[str, Any]]]:
        with self._open() as file:
            rows = (row for batch in file.iter_batches(BATCH) for row in batch.to_pylist())
            yield from enumerate(rows, 1)

    def record(self, item: tuple[int, dict[str, Any]]) -> Record:
        number, row = item
        text = row.pop(self.keys.text, None)
        own = identifier(row.pop(self.keys.id, None), number)
        if not isinstance(text, str):
            columns = ", ".join(map(repr, row))
            problem = f"no text in the column {self.keys.text!r}; the other columns: {columns}"
            return Record(number, own, "", row, error=problem)
        return Record(number, own, text, row)

    def _open(self) -> Any:
        try:
            return self.pyarrow.parquet.ParquetFile(self.path)
        except self.pyarrow.ArrowInvalid as error:
            problem = f"this is not a Parquet file ({error})"
            raise ValueError(Errors.EL008.format(path=self.path, line=1, problem=problem)) from error


class ParquetOutput:
    """A row a document: id, text, ents, meta (as JSON) and error. Halves of surrogate pairs become
    U+FFFD.
    """

    def __init__(self) -> None:
        self.pyarrow = arrow()
        string, int64 = self.pyarrow.string(), self.pyarrow.int64()
        entity = {"start": int64, "end": int64, "label": string, "confidence": self.pyarrow.float64()}
        ents = self.pyarrow.list_(self.pyarrow.struct(entity))
        self.schema = self.pyarrow.schema(
            {"id": string, "text": string, "ents": ents, "meta": string, "error": string}
        )

    def write(self, documents: Sequence[Annotated]) -> bytes:
        rows = [
            {
                "id": mended(str(document.record.id)),
                "text": mended(document.record.text),
                "ents": entities(document.doc),
                "meta": json.dumps(document.record.meta, default=str),
                "error": document.error or None,
            }
            for document in documents
        ]
        data = BytesIO()
        table = self.pyarrow.Table.from_pylist(rows, schema=self.schema)
        self.pyarrow.parquet.write_table(table, data)
        return data.getvalue()

    def merge(self, parts: Iterable[Path], out: BinaryIO) -> None:
        with self.pyarrow.parquet.ParquetWriter(out, self.schema) as writer:
            for path in parts:
                writer.write_table(self.pyarrow.parquet.read_table(path, schema=self.schema))
