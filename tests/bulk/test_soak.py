"""Many documents through servers that fail in twenty ways at random: all are accounted for, in time.

EL4NER_SOAK is the number of documents.
"""

import json
import os
import random
import re
import threading
import time

import pytest

from spacy_el4ner.backends import http
from spacy_el4ner.bulk.engines.local import in_this_process
from spacy_el4ner.bulk.pipeline import silent
from spacy_el4ner.bulk.retry import Retry
from spacy_el4ner.bulk.run import BulkRun, Share
from spacy_el4ner.bulk.worker import AnnotationJob
from tests.backends.scripted import Reply, Scripted, chat
from tests.bulk.inputs import read_jsonl
from tests.pipeline.test_servers import ensemble

DOCUMENTS = int(os.environ.get("EL4NER_SOAK", "150"))
OFTEN = 0.06
"""Share of the requests that fail."""
DEADLINE, TIMEOUT = 3.0, 1.0
GROWTH = 60
"""MiB that the process may grow after its first third."""
NAN = {"content": [{"token": "x", "logprob": float("nan")}]}
SENTENCE = re.compile(r"Ann met Bill (\d+) times\.")
FAULTS = (
    Reply(500, b"broken"),
    Reply(502, b"<html>bad gateway</html>"),
    Reply(503, b"", {"Retry-After": "0"}),
    Reply(429, b"", {"Retry-After": "Mon, 01 Jan 99999999999999999999 00:00:00 GMT"}),
    Reply(408, b""),
    Reply(400, b"no"),
    Reply(413, b"too long"),
    Reply(422, b'{"detail": []}'),
    Reply(200, b""),
    Reply(200, b"\xff\xfe garbage"),
    Reply(200, b"[" * 100_000),
    Reply(200, {"error": {"message": "model is loading"}}),
    Reply(200, {"choices": []}),
    Reply(200, b'{"choices": [{"mes', missing=100),
    Reply(200, b"not gzip", {"Content-Encoding": "gzip"}),
    Reply(reset=True),
    Reply(200, b"{}", delay=TIMEOUT * 1.5),
    Reply(200, b" " * 100, drip=0.05),
    chat(None, finish="content_filter"),
    chat("<e>Ann</e>", logprobs=NAN),
)


class Failing:
    """Answers of a server, some of which are faults."""

    def __init__(self, seed):
        self.random, self.lock, self.faults = random.Random(seed), threading.Lock(), 0

    def __call__(self, body):
        with self.lock:
            fails = self.random.random() < OFTEN
            fault = self.random.choice(FAULTS)
            self.faults += fails
        if fails:
            return fault
        number = SENTENCE.findall(json.dumps(body["messages"]))[-1]
        return chat(f"<e>Ann</e> met <e>Bill</e> {number} times.")


def resident():
    """MiB of memory that this process has."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmRSS:")) / 1024


@pytest.fixture
def took(monkeypatch):
    """The seconds that each request took with its retries."""
    seconds, post = [], http.Server._post

    def timed(self, *arguments):
        began = time.monotonic()
        try:
            return post(self, *arguments)
        finally:
            seconds.append(time.monotonic() - began)

    monkeypatch.setattr(http.Server, "_post", timed)
    monkeypatch.setattr(http, "PAUSE", 0.02)
    return seconds


@pytest.mark.slow
@pytest.mark.skipif(not os.path.exists("/proc/self/status"), reason="memory is read from /proc")
@pytest.mark.filterwarnings("ignore:.*WL(007|003)")
def test_every_document_is_accounted_for_in_time_and_memory(tmp_path, took):
    replies = [Failing(0), Failing(1)]
    # The servers are in this process: what they kept would count as its memory.
    servers = [Scripted(reply, keeps=False) for reply in replies]
    settings = {"on_error": "skip", "min_voters": 1, "retry_after": 1.0}
    nlp = ensemble({"a": servers[0].url, "b": servers[1].url}, **settings)
    for voter in nlp.config["components"]["llm_ensemble_ner"]["voters"].values():
        voter["backend"] |= {"retries": 2, "deadline": DEADLINE, "timeout": TIMEOUT}
    nlp.to_disk(tmp_path / "pipeline")
    lines = [json.dumps({"id": n, "text": f"Ann met Bill {n} times."}) for n in range(DOCUMENTS)]
    (tmp_path / "in.jsonl").write_text("\n".join(lines))
    out, memory = tmp_path / "out.jsonl", []
    job = AnnotationJob(
        str(tmp_path / "pipeline"), tmp_path / "in.jsonl", ".jsonl", shard_size=50, batch_size=25
    )
    run = BulkRun(job, out)
    run.annotate(in_this_process, run.todo(Share()), lambda n: memory.append(resident()))
    summary = run.finish()
    check(summary, out, tmp_path)
    assert sum(reply.faults for reply in replies) > DOCUMENTS * OFTEN
    assert max(took) < DEADLINE + 1
    assert memory[-1] - memory[len(memory) // 3] < GROWTH
    for server in servers:
        server.reply = lambda body: chat("<e>Ann</e>")
    summary = Retry(BulkRun(job, out))(silent)
    check(summary, out, tmp_path)
    assert (summary.failed, summary.absent) == (0, {})
    for server in servers:
        server.stop()


def check(summary, out, folder):
    """The output has every document, and the counts are those of its lists."""
    rows = read_jsonl(out)
    assert [row["id"] for row in rows] == list(range(DOCUMENTS))
    assert summary.documents == DOCUMENTS
    failed, incomplete = (
        read_jsonl(path) if (path := folder / f"out.jsonl.{name}.jsonl").is_file() else []
        for name in ("failed", "incomplete")
    )
    assert [row["id"] for row in failed] == [row["id"] for row in rows if "error" in row]
    assert summary.failed == len(failed)
    for voter in ("a", "b"):
        assert summary.absent.get(voter, 0) == sum(voter in row["absent"] for row in incomplete)
    assert not {row["id"] for row in failed} & {row["id"] for row in incomplete}
