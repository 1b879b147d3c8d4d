"""Processes that are killed while a data engine runs: every text comes back once, and nothing that is
half written passes for finished.
"""

import runpy
import signal
from multiprocessing import get_context
from pathlib import Path

import pytest

from spacy_el4ner.bulk.annotator import Annotator
from tests.bulk import mortal
from tests.bulk.inputs import text
from tests.bulk.mortal import MARKER, has_died, save_mortal

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
BATCH = 128
"""The batch of the examples."""
N, WORD = 5 * BATCH, str(3 * BATCH + 70)
"""Texts, and the one that kills, of the last batch but one."""

pytestmark = pytest.mark.filterwarnings("ignore")  # of the engines


@pytest.fixture
def pyarrow():
    pytest.importorskip("pyarrow", reason="needs the extra 'parquet'")
    import pyarrow.parquet

    return pyarrow


@pytest.fixture
def table(pyarrow):
    return pyarrow.table({"id": range(N), "text": [text(n) for n in range(N)]})


@pytest.fixture
def pipeline(tmp_path):
    return save_mortal(tmp_path, WORD)


@pytest.fixture
def expected(pipeline, table, tmp_path):
    """The rows of all texts, from a pipeline that has died before."""
    (tmp_path / MARKER).touch()
    rows = Annotator(pipeline)(table).to_pylist()
    (tmp_path / MARKER).unlink()
    return rows


def run(name, *arguments):
    runpy.run_path(str(EXAMPLES / name))["annotate"](*map(str, arguments))


@pytest.mark.parametrize("engine", ["duckdb", "dask"])
def test_a_killed_command_leaves_no_output_and_can_be_repeated(
    pyarrow, table, pipeline, expected, tmp_path, engine
):
    pytest.importorskip("dask.dataframe" if engine == "dask" else engine)
    source, out = tmp_path / "texts.parquet", tmp_path / "entities.parquet"
    pyarrow.parquet.write_table(table, source)
    arguments = f"bulk_{engine}.py", pipeline, source, out
    killed = get_context("spawn").Process(target=run, args=arguments)
    killed.start()
    killed.join()
    assert killed.exitcode == -signal.SIGKILL
    assert not readable(pyarrow, out)
    run(*arguments)
    assert pyarrow.parquet.read_table(out).to_pylist() == expected


def readable(pyarrow, path):
    """Whether there is an output that could pass for a finished one."""
    try:
        return pyarrow.parquet.read_table(path).num_rows > 0
    except (FileNotFoundError, pyarrow.ArrowInvalid):
        return False


@pytest.fixture
def files(pyarrow, table, tmp_path):
    """A folder of files, a batch each."""
    folder = tmp_path / "texts"
    folder.mkdir()
    for n in range(0, N, BATCH):
        pyarrow.parquet.write_table(table.slice(n, BATCH), folder / f"{n:04d}.parquet")
    return folder


def test_dask_tells_of_a_killed_process(pyarrow, files, pipeline, expected, tmp_path):
    dask = pytest.importorskip("dask")
    pytest.importorskip("dask.dataframe")
    from concurrent.futures.process import BrokenProcessPool

    out = tmp_path / "entities"
    arguments = "bulk_dask.py", pipeline, files, out
    hook = {"multiprocessing.initializer": mortal.register}
    with dask.config.set({"scheduler": "processes", "num_workers": 2, **hook}):
        with pytest.raises(BrokenProcessPool, match="terminated abruptly"):
            run(*arguments)
        run(*arguments)
    assert has_died(tmp_path)
    assert pyarrow.parquet.read_table(out).to_pylist() == expected


def test_ray_repeats_what_a_killed_actor_had_begun(
    pyarrow, files, pipeline, expected, tmp_path, monkeypatch
):
    ray = pytest.importorskip("ray", reason="needs the extra 'ray'")
    context = pytest.importorskip("ray.data").DataContext.get_current()
    monkeypatch.setattr(context, "checkpoint_config", None, raising=False)  # set by the example
    ray.init(
        num_cpus=3,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        runtime_env={
            "env_vars": {"PYTHONPATH": str(EXAMPLES.parent)},
            "worker_process_setup_hook": "tests.bulk.mortal.register",
        },
    )
    try:
        run("bulk_ray.py", pipeline, files, tmp_path / "entities")
    finally:
        ray.shutdown()
    assert has_died(tmp_path)
    rows = pyarrow.parquet.read_table(tmp_path / "entities").to_pylist()
    assert sorted(rows, key=lambda row: row["id"]) == expected
