import json

import pytest
from spacy.language import Language

from spacy_el4ner.bulk.pipeline import silent
from spacy_el4ner.bulk.retry import Retry
from spacy_el4ner.bulk.run import BulkRun
from tests.bulk.inputs import read_docbin, read_jsonl, save_ruler, write_jsonl
from tests.bulk.test_run import annotate, make_job

FAILING = set()
"""Words of the documents that fail at present."""


@Language.component("tests_flaky")
def flaky(doc):
    if any(word in doc.text for word in FAILING):
        raise RuntimeError("not now")
    return doc


@pytest.fixture(scope="module")
def unsteady(tmp_path_factory):
    """A pipeline that fails on the documents of `FAILING`."""
    folder = save_ruler(tmp_path_factory.mktemp("unsteady") / "pipeline")
    config = (folder / "config.cfg").read_text()
    (folder / "config.cfg").write_text(
        config.replace('pipeline = ["entity_ruler"]', 'pipeline = ["entity_ruler","tests_flaky"]')
        + '\n[components.tests_flaky]\nfactory = "tests_flaky"\n'
    )
    return folder


@pytest.fixture
def failing(monkeypatch):
    """Sets which documents fail, until the test ends."""

    def fail(*words):
        FAILING.clear()
        FAILING.update(words)

    yield fail
    FAILING.clear()


def content(path):
    if path.suffix == ".spacy":
        return [(doc.to_json(), doc.user_data) for doc in read_docbin(path)]
    if path.suffix == ".parquet":
        import pyarrow.parquet

        return pyarrow.parquet.read_table(path).to_pylist()
    return path.read_bytes()


def retry(job, out):
    return Retry(BulkRun(job, out))(silent)


@pytest.mark.parametrize("suffix", [".jsonl", ".spacy", ".parquet"])
def test_what_failed_is_annotated_and_takes_its_place(unsteady, failing, tmp_path, suffix):
    job, out = make_job(unsteady, tmp_path, suffix), tmp_path / f"out{suffix}"
    whole = annotate(job, tmp_path / f"whole{suffix}")
    failing(" 3 times", " 9 times", " 17 times", " 30 times")
    assert annotate(job, out).failed == whole.failed + 4
    failing(" 9 times")
    assert retry(job, out).failed == whole.failed + 1
    assert content(out) != content(tmp_path / f"whole{suffix}")
    failing()
    assert retry(job, out) == whole
    assert content(out) == content(tmp_path / f"whole{suffix}")
    for note in ("failed.jsonl", "manifest.json"):
        ours, theirs = (tmp_path / f"{name}{suffix}.{note}" for name in ("out", "whole"))
        assert ours.read_bytes() == theirs.read_bytes()


def test_only_what_failed_is_asked_again(unsteady, failing, tmp_path):
    job, out = make_job(unsteady, tmp_path), tmp_path / "out.jsonl"
    failing(" 3 times", " 9 times")
    failed = annotate(job, out).failed
    failing(" 4 times")  # it would fail now
    told = []
    again = Retry(BulkRun(job, out))
    again(told.append)
    assert sum(told) == len(again.lines) == failed
    assert "error" not in next(row for row in read_jsonl(out) if " 4 times" in row["text"])


def test_without_failures_nothing_is_done(unsteady, tmp_path):
    write_jsonl(tmp_path / "in.jsonl", bad={})
    job, out = make_job(unsteady, tmp_path), tmp_path / "out.jsonl"
    summary = annotate(job, out)
    before = out.read_bytes()
    assert retry(job, out) == summary
    assert out.read_bytes() == before


def test_an_unfinished_output_is_refused(unsteady, tmp_path):
    job, out = make_job(unsteady, tmp_path), tmp_path / "out.jsonl"
    with pytest.raises(ValueError, match="EL312"):
        retry(job, out)


def test_an_output_of_something_else_is_refused_and_stays(unsteady, ruler, failing, tmp_path):
    out = tmp_path / "out.jsonl"
    failing(" 3 times")
    annotate(make_job(unsteady, tmp_path), out)
    before = out.read_bytes()
    with pytest.raises(ValueError, match="EL064"):
        retry(make_job(ruler, tmp_path), out)
    assert out.read_bytes() == before


def test_the_result_is_in_the_manifest(unsteady, failing, tmp_path):
    job, out = make_job(unsteady, tmp_path), tmp_path / "out.jsonl"
    failing(" 3 times")
    summary = annotate(job, out)
    result = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())["result"]
    assert result == {"documents": 30, "failed": summary.failed, "missing": 0, "absent": {}}
