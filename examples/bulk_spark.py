"""Texts of Parquet files through a pipeline on Spark, which reads, schedules and writes.

    python examples/bulk_spark.py training/sample_en/fusion texts/ entities/

The files in texts/ have a column `text`; their other columns are kept. Every Python process of an
executor loads the pipeline once. The script needs PySpark with pandas and pyarrow, and Java.
"""

import sys
from collections.abc import Iterator

import pyarrow
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from spacy_el4ner.api import Annotator


def annotate(pipeline: str, source: str, out: str) -> None:
    """pipeline (str): A pipeline's folder, or an installed package.
    source (str): A folder of Parquet files.
    out (str): The folder for the annotated files.
    """
    annotator = Annotator(pipeline)

    def annotated(batches: Iterator[pyarrow.RecordBatch]) -> Iterator[pyarrow.RecordBatch]:
        return map(annotator, batches)

    spark = SparkSession.builder.getOrCreate()
    texts = spark.read.parquet(source)
    schema = StructType([*texts.schema, *from_arrow_schema(annotator.schema())])
    texts.mapInArrow(annotated, schema).write.parquet(out)


if __name__ == "__main__":
    annotate(*sys.argv[1:])
