"""The callable that annotates batches of columns in any data engine: Ray, Spark, Dask and others."""

import json
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.bulk.batches import column, with_columns
from spacy_el4ner.bulk.files.base import entities, plain
from spacy_el4ner.bulk.files.parquet import arrow, entities_type
from spacy_el4ner.bulk.pipeline import BulkPipeline
from spacy_el4ner.bulk.records import Annotated, DocumentRecord
from spacy_el4ner.bulk.settings import AnnotationSettings
from spacy_el4ner.bulk.texts import mended
from spacy_el4ner.pipeline.attributes import provenance as provenance_of


class _Loaded:
    """The pipelines of this process. An engine may call from several threads, but a pipeline annotates
    in one at a time.
    """

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.lock = threading.Lock()
        self.pipelines: dict[tuple[str, AnnotationSettings], BulkPipeline] = {}

    def get(self, pipeline: str, settings: AnnotationSettings) -> BulkPipeline:
        key = pipeline, settings
        if key not in self.pipelines:
            self.pipelines[key] = BulkPipeline(pipeline, settings)
        return self.pipelines[key]


_loaded = _Loaded()
if hasattr(os, "register_at_fork"):
    # A fork lacks the threads that its parent's models compute with, and the one that holds the lock.
    os.register_at_fork(after_in_child=_loaded.forget)


class Annotator:
    """Annotates the texts in a column of a batch, for the `map` of a data engine. It can be pickled:
    the pipeline is loaded when the first batch with a text comes, once in each process.

    A batch is a `pyarrow.Table` or `RecordBatch`, a `pandas.DataFrame`, or a mapping of columns, which
    are arrays or lists. The same kind is returned, with all rows in their order, all columns, and
    three more:

    entities (list of structs): start (int64) and end (int64), offsets in characters; label (string);
        confidence (float64), null where the pipeline gives none; and, if asked for, provenance
        (string): JSON, as in `ent._.provenance`, null where the pipeline gives none.
    error (string): Why the text could not be annotated, else null. Then `entities` is empty, and the
        other rows of the batch are annotated as if the text were not there.
    absent (list of strings): Voters of an ensemble that did not answer; the others annotated the text.

    A column `id` is kept like any other; it relates a row to its document.

    pipeline (str | Path): A folder, or the name of an installed package, on every machine.
    text_key (str): Column of the text.
    provenance (bool): Whether entities have a provenance.
    prefix (str): Beginning of the names of the new columns.
    batch_size (int): Texts that go through the pipeline together.
    max_length (int | None): Maximum number of characters of a text; None for the pipeline's own limit.
    gpu_id (int): The GPU to use; below 0 for the CPU. A Ray actor sees only its own GPU, number 0.
    """

    def __init__(
        self,
        pipeline: str | Path,
        *,
        text_key: str = "text",
        provenance: bool = False,
        prefix: str = "",
        batch_size: int = 128,
        max_length: int | None = None,
        gpu_id: int = -1,
    ):
        self.pipeline = str(pipeline)
        self.provenance = provenance
        self.prefix = prefix
        self.settings = AnnotationSettings(
            text_key=text_key, batch_size=batch_size, max_length=max_length, gpu_id=gpu_id
        )

    def __call__(self, batch: Any) -> Any:
        """batch (Any): A batch. An empty one is returned with the new columns, and loads nothing.
        RETURNS (Any): A batch of the same kind, with the new columns.
        RAISES (ValueError): EL350, a batch of another kind; EL351, no column of texts; EL352, a row
            instead of a batch; EL353, the batch has columns with the names of the new ones.
        """
        return with_columns(batch, self._columns(column(batch, self.settings.text_key)), self.schema)

    def schema(self) -> Any:
        """RETURNS (pyarrow.Schema): The new columns, for engines that want to know them beforehand.
        RAISES (ImportError): EL062.
        """
        pyarrow = arrow()
        string = pyarrow.string()
        types = (entities_type(self.provenance), string, pyarrow.list_(string))
        return pyarrow.schema(list(zip(self._names, types, strict=True)))

    @property
    def _names(self) -> list[str]:
        return [f"{self.prefix}{name}" for name in ("entities", "error", "absent")]

    def _columns(self, texts: Sequence[Any]) -> dict[str, list[Any]]:
        """The new columns. What is not a text does not go through the pipeline."""
        rows: list[tuple[Any, ...]]
        rows = [([], f"no text in the column {self.settings.text_key!r}", []) for _ in texts]
        # str() because spaCy refuses the strings of NumPy.
        records = [
            DocumentRecord(n, n, str(text)) for n, text in enumerate(texts, 1) if isinstance(text, str)
        ]
        if records:
            with _loaded.lock:
                pipeline = _loaded.get(self.pipeline, self.settings)
                with pipeline.annotated(records) as done:
                    for one in done:
                        rows[one.record.line - 1] = self._row(one)
        return {name: [row[n] for row in rows] for n, name in enumerate(self._names)}

    def _row(self, one: Annotated) -> tuple[Any, ...]:
        found = [] if one.error else self._entities(one.doc)
        return found, mended(one.error) or None, list(one.absent)

    def _entities(self, doc: Doc) -> list[dict[str, Any]]:
        found = entities(doc)
        if self.provenance:
            for data, ent in zip(found, doc.ents, strict=True):
                origin = provenance_of(ent)
                data["provenance"] = origin and json.dumps(plain(origin), allow_nan=False)
        return found
