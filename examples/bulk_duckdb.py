"""Texts that DuckDB can read, through a pipeline, as a stream of batches.

    python examples/bulk_duckdb.py training/sample_en/fusion texts.parquet entities.parquet

The input has a column `text`; its other columns are kept. The script needs DuckDB and pyarrow.
"""

import sys

import duckdb
import pyarrow

from spacy_el4ner.api import Annotator


def annotate(pipeline: str, source: str, out: str) -> None:
    """pipeline (str): A pipeline's folder, or an installed package.
    source (str): A Parquet file; `duckdb.sql` gives the batches of any query.
    out (str): The annotated file.
    """
    annotator = Annotator(pipeline)
    with duckdb.connect() as reading, duckdb.connect() as writing:
        batches = reading.read_parquet(source).to_arrow_reader(128)
        schema = pyarrow.schema([*batches.schema, *annotator.schema()])
        annotated = pyarrow.RecordBatchReader.from_batches(schema, map(annotator, batches))
        writing.from_arrow(annotated).write_parquet(out)


if __name__ == "__main__":
    annotate(*sys.argv[1:])
