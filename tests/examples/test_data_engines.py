"""The examples for data engines: every text comes back once, with its columns, whatever the engine."""

import runpy
import shutil
import sys
from pathlib import Path

import pytest

from spacy_el4ner.bulk.annotator import Annotator
from tests.bulk.inputs import save_ruler, text

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
TEXTS = [*map(text, range(20)), None, *map(text, range(21, 40))]
FILES = 4

pytestmark = pytest.mark.filterwarnings("ignore")  # of the engines


@pytest.fixture(scope="module")
def ruler(tmp_path_factory):
    return save_ruler(tmp_path_factory.mktemp("ruler") / "pipeline")


@pytest.fixture
def parquet():
    pytest.importorskip("pyarrow", reason="needs the extra 'parquet'")
    import pyarrow.parquet

    return pyarrow.parquet


@pytest.fixture
def expected(ruler, parquet):
    """The rows of all texts."""
    import pyarrow

    table = pyarrow.table({"id": range(len(TEXTS)), "text": TEXTS})
    return Annotator(ruler)(table).to_pylist()


@pytest.fixture
def annotated(ruler, parquet, tmp_path):
    """Runs an example on a folder of files, or on one file, and returns the rows that it writes."""
    import pyarrow

    source = tmp_path / "texts"
    source.mkdir()
    size = len(TEXTS) // FILES
    for n in range(0, len(TEXTS), size):
        table = pyarrow.table({"id": range(n, n + size), "text": TEXTS[n : n + size]})
        parquet.write_table(table, source / f"{n:02d}.parquet")

    def call(name, suffix=""):
        texts, out = str(source), str(tmp_path / f"entities{suffix}")
        if suffix:
            texts = str(tmp_path / "texts.parquet")
            parquet.write_table(parquet.read_table(source), texts)
        runpy.run_path(str(EXAMPLES / name))["annotate"](str(ruler), texts, out)
        return parquet.read_table(out).to_pylist()

    return call


def by_id(rows):
    return sorted(rows, key=lambda row: row["id"])


def test_duckdb_keeps_the_order(annotated, expected):
    pytest.importorskip("duckdb")
    assert annotated("bulk_duckdb.py", ".parquet") == expected


def test_datasets_keep_the_order(annotated, expected, monkeypatch, tmp_path):
    pytest.importorskip("datasets")
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path / "cache")
    assert annotated("bulk_datasets.py", ".parquet") == expected


def test_dask_keeps_the_order(annotated, expected):
    pytest.importorskip("dask.dataframe")
    assert annotated("bulk_dask.py") == expected


def test_polars_keeps_the_order(ruler, expected):
    polars = pytest.importorskip("polars")
    frame = polars.DataFrame({"id": range(len(TEXTS)), "text": TEXTS})
    annotate = Annotator(ruler)
    done = polars.from_arrow(annotate(frame.to_arrow()))
    assert done.to_dicts() == expected


def test_spark_returns_every_row_once(annotated, expected, monkeypatch):
    sql = pytest.importorskip("pyspark.sql")
    if not shutil.which("java"):
        pytest.skip("needs Java")
    monkeypatch.setenv("PYSPARK_PYTHON", sys.executable)
    local = {"spark.master": "local[2]", "spark.ui.enabled": "false", "spark.driver.host": "localhost"}
    spark = sql.SparkSession.builder.config(map=local).getOrCreate()
    try:
        assert by_id(annotated("bulk_spark.py")) == expected
    finally:
        spark.stop()


def test_ray_returns_every_row_once(annotated, expected, monkeypatch):
    ray = pytest.importorskip("ray", reason="needs the extra 'ray'")
    context = pytest.importorskip("ray.data").DataContext.get_current()
    monkeypatch.setattr(context, "checkpoint_config", None, raising=False)  # set by the example
    ray.init(num_cpus=3, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
    try:
        assert by_id(annotated("bulk_ray.py")) == expected
    finally:
        ray.shutdown()
