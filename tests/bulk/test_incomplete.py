"""Documents that an ensemble annotated without one of its voters."""

import json

import pytest

from spacy_el4ner.backends import http
from spacy_el4ner.bulk.annotator import Annotator
from spacy_el4ner.bulk.pipeline import silent
from spacy_el4ner.bulk.retry import Retry
from spacy_el4ner.bulk.run import BulkRun
from spacy_el4ner.bulk.worker import AnnotationJob
from tests.backends.scripted import Reply, Scripted, chat
from tests.bulk.inputs import read_jsonl
from tests.bulk.test_run import annotate
from tests.pipeline.test_servers import ensemble

DOCUMENTS = 7
pytestmark = pytest.mark.filterwarnings("ignore:.*WL(007|003)")


@pytest.fixture
def job(tmp_path, monkeypatch):
    """A job, the reply of voter b, which is down, and the servers of both voters."""
    monkeypatch.setattr(http, "PAUSE", 0.01)
    state = {"b": Reply(503, b"later")}
    servers = {"a": Scripted(lambda body: chat("none")), "b": Scripted(lambda body: state["b"])}
    nlp = ensemble(
        {name: server.url for name, server in servers.items()},
        on_error="warn",
        min_voters=1,
        retry_after=None,
    )
    nlp.to_disk(tmp_path / "pipeline")
    lines = [json.dumps({"id": f"d{n}", "text": f"Ann met {n}."}) for n in range(DOCUMENTS)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    yield (
        AnnotationJob(
            str(tmp_path / "pipeline"), tmp_path / "in.jsonl", ".jsonl", shard_size=3, batch_size=1
        ),
        state,
        servers,
    )
    for server in servers.values():
        server.stop()


def test_they_are_counted_and_listed_with_the_voter_and_its_error(job, tmp_path):
    job, _, servers = job
    out = tmp_path / "out.jsonl"
    summary = annotate(job, out)
    assert (summary.failed, summary.absent) == (0, {"b": DOCUMENTS})
    notes = read_jsonl(tmp_path / "out.jsonl.incomplete.jsonl")
    assert [note["id"] for note in notes] == [row["id"] for row in read_jsonl(out)]
    assert all("later" in note["absent"]["b"] for note in notes)
    manifest = json.loads((tmp_path / "out.jsonl.manifest.json").read_text())
    assert manifest["result"]["absent"] == {"b": DOCUMENTS}
    assert len(servers["b"].seen) == 2  # not asked again in each batch


def test_they_are_annotated_by_all_voters_in_a_retry(job, tmp_path):
    job, state, servers = job
    out = tmp_path / "out.jsonl"
    annotate(job, out)
    state["b"] = chat("none")
    summary = Retry(BulkRun(job, out))(silent)
    assert (summary.failed, summary.absent) == (0, {})
    assert len(servers["b"].seen) > DOCUMENTS
    assert not (tmp_path / "out.jsonl.incomplete.jsonl").exists()
    assert len(read_jsonl(out)) == DOCUMENTS


def test_a_server_that_refuses_the_key_stops_the_run(job, tmp_path):
    job, _, servers = job
    for server in servers.values():
        server.reply = lambda body: Reply(401, b"wrong key")
    with pytest.raises(ValueError, match=r"EL019.*wrong key"):
        annotate(job, tmp_path / "out.jsonl")
    assert not (tmp_path / "out.jsonl").exists()
    assert len(servers["a"].seen) == 1


def test_a_data_engine_gets_their_names_in_a_column(job):
    job, _, _ = job
    done = Annotator(job.pipeline)({"text": ["Ann met 1.", None]})
    assert done["absent"] == [["b"], []]
    assert [bool(error) for error in done["error"]] == [False, True]
