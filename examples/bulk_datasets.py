"""Texts of a Parquet file through a pipeline with Hugging Face `datasets`.

    python examples/bulk_datasets.py training/sample_en/fusion texts.parquet entities.parquet

The file has a column `text`; its other columns are kept. With `num_proc=4`, four processes load the
pipeline. The script needs the package `datasets`.
"""

import sys

from datasets import Dataset

from spacy_el4ner.api import Annotator


def annotate(pipeline: str, source: str, out: str) -> None:
    """pipeline (str): A pipeline's folder, or an installed package.
    source (str): A Parquet file.
    out (str): The annotated file.
    """
    texts = Dataset.from_parquet(source).with_format("arrow")  # so that the new columns have types
    annotated = texts.map(
        Annotator(pipeline),
        batched=True,
        batch_size=128,
        load_from_cache_file=False,  # the cache would not notice a change of the pipeline
    )
    annotated.to_parquet(out)


if __name__ == "__main__":
    annotate(*sys.argv[1:])
