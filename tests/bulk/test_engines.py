from multiprocessing import Pipe

import pytest

from spacy_el4ner.bulk.engines import processes
from spacy_el4ner.bulk.engines.local import in_this_process
from spacy_el4ner.bulk.engines.processes import in_processes, serve
from spacy_el4ner.bulk.pipeline import silent
from spacy_el4ner.bulk.worker import AnnotationJob
from tests.bulk.inputs import write_jsonl


@pytest.fixture
def job(ruler, tmp_path):
    source = write_jsonl(tmp_path / "in.jsonl")
    return AnnotationJob(str(ruler), source, ".jsonl", shard_size=4, max_length=500)


@pytest.mark.slow
def test_two_processes_make_the_same_shards(job):
    told = []
    parts = sorted(in_processes(job, range(8), told.append, 2), key=lambda part: part.number)
    assert parts == list(in_this_process(job, range(8), silent))
    assert sum(told) == 30


def test_a_worker_that_dies_stops_the_run_with_the_remedy():
    ours, theirs = Pipe()
    theirs.close()
    with pytest.raises(RuntimeError, match=r"EL068.*killed.*same command"):
        processes._receive(ours)


def test_a_worker_that_cannot_work_says_why(monkeypatch, tmp_path):
    monkeypatch.setattr(processes.signal, "signal", lambda *_: None)
    ours, theirs = Pipe()
    serve(AnnotationJob(str(tmp_path / "nowhere"), tmp_path, ".jsonl"), theirs)
    with pytest.raises(RuntimeError, match=r"EL068.*nowhere"):
        processes._receive(ours)


def test_a_worker_ends_with_its_parent(monkeypatch, job):
    monkeypatch.setattr(processes.signal, "signal", lambda *_: None)
    ours, theirs = Pipe()
    ours.close()
    serve(job, theirs)  # returns
