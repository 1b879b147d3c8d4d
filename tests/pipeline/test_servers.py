"""Servers that refuse, fail or are down, as the voters of an ensemble."""

import json
import os
import re
import signal
import threading
from itertools import groupby

import pytest
import spacy

from spacy_el4ner.backends import http
from spacy_el4ner.backends.base import BackendRefused
from spacy_el4ner.backends.openai import OpenAIBackend
from spacy_el4ner.voters.prompted.voter import PromptedVoter
from tests.backends.scripted import Reply, Scripted, chat
from tests.strategies import make_window
from tests.tiny import LABELS

TEXTS = [f"Ann met Bill {n} times." for n in range(6)]
NOWHERE = "http://127.0.0.1:1/v1"
pytestmark = pytest.mark.filterwarnings("ignore:.*WL(007|003|248)")


@pytest.fixture(autouse=True)
def _short_pauses(monkeypatch):
    monkeypatch.setattr(http, "PAUSE", 0.01)


@pytest.fixture
def serve():
    servers = []

    def start(reply=lambda body: chat("none")):
        servers.append(Scripted(reply))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


def ensemble(urls, concurrency=8, **settings):
    nlp = spacy.blank("en")
    config = {
        "labels": LABELS,
        "voters": {
            name: {
                "@el4ner_voters": "spacy-el4ner.PromptedVoter.v1",
                "backend": {
                    "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
                    "model": "m",
                    "base_url": url,
                    "retries": 1,
                    "deadline": 5,
                    "max_concurrency": concurrency,
                },
            }
            for name, url in urls.items()
        },
        "stages": {"verification": False},
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        **settings,
    }
    nlp.add_pipe("llm_ensemble_ner", config=config)
    return nlp


def failures(docs):
    return [n for n, doc in enumerate(docs) if doc._.el4ner["error"]]


def absent(docs):
    return [n for n, doc in enumerate(docs) if doc._.el4ner["counts"].get("unavailable")]


@pytest.mark.parametrize(
    "bad",
    [Reply(500, b"no"), Reply(400, b""), chat(None, finish="content_filter"), Reply(200, b"{}")],
    ids=["status 500", "status 400", "filtered", "no choices"],
)
@pytest.mark.parametrize("voters", [1, 2])
def test_a_document_that_a_server_cannot_answer_fails_alone(serve, bad, voters):
    def reply(body):
        return bad if "Bill 3" in json.dumps(body["messages"]) else chat("none")

    urls = {"bad": serve(reply).url, "good": serve().url}
    nlp = ensemble(dict(list(urls.items())[:voters]), on_error="skip", min_voters=1)
    docs = list(nlp.pipe(TEXTS))
    assert [doc.text for doc in docs] == TEXTS
    assert failures(docs) == [3]
    assert absent(docs) == []


@pytest.mark.parametrize("status", [401, 403, 404])
@pytest.mark.parametrize("on_error", ["raise", "warn", "skip"])
def test_a_server_that_refuses_everybody_stops_the_stream(serve, status, on_error):
    server = serve(lambda body: Reply(status, b""))
    with pytest.raises(BackendRefused, match=f"EL019.*{status}"):
        list(ensemble({"a": server.url}, on_error=on_error).pipe(TEXTS * 5))
    assert len(server.seen) <= 8  # those that were under way


def test_min_voters_decides_whether_the_others_go_on_without_one_that_is_refused(serve):
    refuses, answers = serve(lambda body: Reply(401, b"")), serve()
    docs = list(ensemble({"a": answers.url, "b": refuses.url}, min_voters=1).pipe(TEXTS))
    assert failures(docs) == []
    assert absent(docs) == list(range(6))


def test_a_server_that_is_down_is_waited_for_once_in_a_stream(serve):
    nlp = ensemble({"a": serve().url, "b": NOWHERE}, min_voters=1)
    backend = nlp.get_pipe("llm_ensemble_ner").voters["b"].backend
    docs = list(nlp.pipe(TEXTS, batch_size=1))
    assert absent(docs) == list(range(6))
    assert backend.forward_passes == 2  # an attempt and a retry
    list(nlp.pipe(TEXTS))
    assert backend.forward_passes > 2  # another stream tries again


def test_servers_work_at_the_same_time(serve):
    together = threading.Barrier(3)  # an answer comes only when all three are asked

    def reply(body):
        together.wait(60)
        return chat("none")

    nlp = ensemble({name: serve(reply).url for name in "abc"}, concurrency=1)
    assert failures(list(nlp.pipe(TEXTS))) == []


def test_questions_about_a_sentence_are_sent_one_after_another(serve):
    server = serve(lambda body: chat("PERSON"))
    windows = [make_window("Ann", "met", "Bill", str(n)) for n in range(3)]
    voter = PromptedVoter(OpenAIBackend("m", server.url, max_concurrency=1), "turns")
    voter.classify(windows, [[(0, 3), (8, 12)]] * 3, [()] * 3, LABELS)
    asked = [re.search(r"Ann met Bill \d", body["messages"][1]["content"])[0] for body in server.seen]
    assert [text for text, _ in groupby(asked)] == [window.text for window in windows]
    assert len(asked) >= 6


def test_each_server_has_as_many_requests_as_it_may_at_a_time(serve):
    servers = {name: serve(lambda body: Reply(body=chat("none").body, delay=0.05)) for name in "ab"}
    list(ensemble({name: s.url for name, s in servers.items()}, concurrency=2).pipe(TEXTS))
    assert [server.most for server in servers.values()] == [2, 2]


def test_ctrl_c_waits_for_no_server_and_leaves_no_thread(serve):
    asked, released = threading.Barrier(4), threading.Event()

    def reply(body):
        asked.wait(60)
        released.wait(60)
        return chat("none")

    def interrupt():
        asked.wait(60)
        os.kill(os.getpid(), signal.SIGINT)

    nlp = ensemble({name: serve(reply).url for name in "abc"})
    there = set(threading.enumerate())
    interrupting = threading.Thread(target=interrupt)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        interrupting.start()
        with pytest.raises(KeyboardInterrupt):
            nlp("Ann met Bill.")
        assert not released.is_set()
    finally:
        signal.signal(signal.SIGINT, before)
        released.set()
    for thread in set(threading.enumerate()) - there:
        thread.join(30)
        assert not thread.is_alive()
