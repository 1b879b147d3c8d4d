"""Texts of Parquet files through a pipeline on Dask, which reads, schedules and writes.

    python examples/bulk_dask.py training/sample_en/fusion texts/ entities/

The files in texts/ have a column `text`; their other columns are kept. Threads share one pipeline,
which annotates one partition at a time: for several pipelines, use a cluster of processes
(`dask.distributed.Client(threads_per_worker=1)`). The script needs dask[dataframe].
"""

import sys

import dask.dataframe as dd
import pyarrow
from dask.dataframe.utils import make_meta

from spacy_el4ner.api import Annotator


def annotate(pipeline: str, source: str, out: str) -> None:
    """pipeline (str): A pipeline's folder, or an installed package.
    source (str): A folder of Parquet files.
    out (str): The folder for the annotated files.
    """
    annotator = Annotator(pipeline)
    texts = dd.read_parquet(source)
    meta = make_meta(texts)
    annotated = texts.map_partitions(annotator, meta=annotator(meta))
    # A partition without any entity does not show the type of the column.
    given = pyarrow.Schema.from_pandas(meta, preserve_index=False)
    schema = pyarrow.schema([*given, *annotator.schema()])
    annotated.to_parquet(out, write_index=False, schema=schema)


if __name__ == "__main__":
    annotate(*sys.argv[1:])
