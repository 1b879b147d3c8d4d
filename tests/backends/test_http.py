import pickle
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from spacy_el4ner.backends import http
from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.backends.openai import OpenAIBackend
from tests.backends.scripted import COPY, Reply, asks, chat

KEY = "sk-do-not-tell-anybody"
OK = chat(COPY)


def test_answers_keep_the_order_of_the_questions(serve, connect):
    def reply(body):
        number = int(body["messages"][1]["content"].split()[1])
        return Reply(body=chat(str(number)).body, delay=0.01 * (number % 3))

    requests = [asks(str(n)) for n in range(20)]
    answers = connect(serve(reply), max_concurrency=5).decode(requests)
    assert [a.text for a in answers] == [str(n) for n in range(20)]


def test_no_more_requests_are_open_than_allowed(serve, connect):
    server = serve(Reply(body=OK.body, delay=0.03))
    connect(server, max_concurrency=3).decode([asks()] * 12)
    assert server.most == 3


@pytest.mark.parametrize("status", [408, 409, 429, 500, 502, 503])
def test_a_status_that_may_pass_is_tried_again(serve, connect, status):
    server = serve(Reply(status), Reply(status), OK)
    backend = connect(server)
    assert backend.decode([asks()])[0].text == COPY
    assert backend.forward_passes == len(server.seen) == 3


@pytest.mark.parametrize("status", [301, 400, 401, 403, 404, 422])
def test_a_refusal_is_not_tried_again(serve, connect, status):
    server = serve(Reply(status, {"error": "so there"}), OK)
    with pytest.raises(ValueError, match=rf"(?s)EL019.*{server.url}.*tiny.*{status}.*so there"):
        connect(server).decode([asks()])
    assert len(server.seen) == 1


UNUSABLE = {
    "a page": Reply(body=b"<html><body>Bad gateway</body></html>"),
    "cut JSON": Reply(body=b'{"choices": [{"mess'),
    "nothing": Reply(),
    "a list": Reply(body=[]),
    "no choice": Reply(body={"choices": []}),
    "two choices": Reply(body={"choices": chat("a").body["choices"] * 2}),
    "no text": chat(None),
    "no bytes of text": Reply(body=b"\xff\xfe"),
    "too few bytes": Reply(body=b"{}", missing=9),
    "a reset": Reply(reset=True),
}


@pytest.mark.parametrize("reply", UNUSABLE.values(), ids=UNUSABLE)
def test_what_cannot_be_used_is_asked_for_again(serve, connect, reply):
    assert connect(serve(reply, OK)).decode([asks()])[0].text == COPY


@pytest.mark.parametrize(
    ("what", "said"),
    [
        ("a page", "Bad gateway"),
        ("cut JSON", "mess"),
        ("nothing", "nothing"),
        ("two choices", "2 choices"),
        ("no text", "without a text"),
        ("a reset", "Error"),
    ],
)
def test_what_stays_unusable_is_said(serve, connect, what, said):
    server = serve(UNUSABLE[what])
    with pytest.raises(BackendUnavailable, match=rf"(?s)EL020.*{server.url}.*tiny.*3 att.*{said}"):
        connect(server, retries=2).decode([asks()])
    assert len(server.seen) == 3


def test_a_server_that_is_not_there_is_unavailable(serve, connect):
    server = serve(OK)
    server.stop()
    with pytest.raises(BackendUnavailable, match="ConnectError"):
        connect(server, retries=1).decode([asks()])


def test_the_deadline_ends_the_attempts(serve, connect):
    server = serve(Reply(503))
    start = time.monotonic()
    with pytest.raises(BackendUnavailable):
        connect(server, deadline=0.3, retries=1000).decode([asks()])
    assert time.monotonic() - start < 5
    assert len(server.seen) > 1


def test_a_slow_answer_is_asked_for_again(serve, connect):
    server = serve(Reply(body=OK.body, delay=0.6), OK)
    assert connect(server, timeout=0.2).decode([asks()])[0].text == COPY


def test_an_answer_that_drips_is_given_up_in_time(serve, connect):
    start = time.monotonic()
    with pytest.raises(BackendUnavailable, match="too long"):
        connect(serve(Reply(body=OK.body, drip=0.05)), timeout=0.2, retries=0).decode([asks()])
    assert time.monotonic() - start < 5


def test_the_server_says_how_long_to_wait(serve, connect):
    server = serve(Reply(429, headers={"Retry-After": "0.3"}), OK)
    connect(server).decode([asks()])
    assert server.times[1] - server.times[0] >= 0.3


def test_the_server_says_until_when_to_wait(serve, connect):
    later = format_datetime(datetime.now(UTC) + timedelta(seconds=2), usegmt=True)
    server = serve(Reply(503, headers={"Retry-After": later}), OK)
    connect(server).decode([asks()])
    assert server.times[1] - server.times[0] > 0.5


def test_a_wait_beyond_the_deadline_is_not_waited(serve, connect):
    start = time.monotonic()
    with pytest.raises(BackendUnavailable, match="429"):
        connect(serve(Reply(429, headers={"Retry-After": "3600"})), deadline=60).decode([asks()])
    assert time.monotonic() - start < 10


def test_after_a_failure_nothing_more_is_sent(serve, connect):
    server = serve(Reply(400))
    with pytest.raises(ValueError, match="EL019"):
        connect(server, max_concurrency=2).decode([asks()] * 100)
    assert len(server.seen) < 20


def test_waits_end_when_another_request_fails(serve, connect):
    def reply(body):
        first = "first" in body["messages"][1]["content"]
        return Reply(503, headers={"Retry-After": "30"}) if first else Reply(400, delay=0.2)

    server, start = serve(reply), time.monotonic()
    with pytest.raises(ValueError, match="EL019"):
        connect(server).decode([asks("first"), asks("second")])
    assert time.monotonic() - start < 10
    assert len(server.seen) == 2


def test_a_server_may_be_restarted_meanwhile(serve, connect, monkeypatch):
    monkeypatch.setattr(http, "PAUSE", 0.1)
    first = serve(Reply(body=OK.body, delay=0.05))
    backend = connect(first, max_concurrency=2, retries=30)
    answers = []
    running = threading.Thread(target=lambda: answers.extend(backend.decode([asks()] * 20)))
    running.start()
    while len(first.seen) < 6:
        time.sleep(0.01)
    first.stop()
    time.sleep(0.1)
    second = serve(OK, port=first.port)
    running.join(timeout=10)
    assert [a.text for a in answers] == [COPY] * 20
    assert len(second.seen) > 0


def test_the_key_is_read_when_it_is_needed(serve, connect, monkeypatch):
    server = serve(OK)
    backend = connect(server, api_key_env="EL4NER_TEST_KEY")
    monkeypatch.setenv("EL4NER_TEST_KEY", KEY)
    backend.decode([asks()])
    monkeypatch.setenv("EL4NER_TEST_KEY", "another")
    backend.decode([asks()])
    assert server.keys == [f"Bearer {KEY}", "Bearer another"]


@pytest.mark.parametrize("key", [None, "", " ", "ключ", "a\nb"])
def test_a_missing_key_is_named_by_its_variable(serve, connect, monkeypatch, key):
    monkeypatch.delenv("EL4NER_TEST_KEY", raising=False)
    if key is not None:
        monkeypatch.setenv("EL4NER_TEST_KEY", key)
    server = serve(OK)
    with pytest.raises(ValueError, match=r"EL018.*EL4NER_TEST_KEY"):
        connect(server, api_key_env="EL4NER_TEST_KEY").decode([asks()])
    assert server.seen == []


def test_no_key_is_sent_where_none_is_named(serve, connect):
    server = serve(OK)
    connect(server).decode([asks()])
    assert server.keys == [None]


@pytest.mark.parametrize("status", [200, 401, 503])
def test_a_key_that_the_server_repeats_is_not_told(serve, connect, monkeypatch, status):
    monkeypatch.setenv("EL4NER_TEST_KEY", KEY)
    said = ("x" * 190 + KEY).encode()
    backend = connect(serve(Reply(status, said)), api_key_env="EL4NER_TEST_KEY", retries=0)
    with pytest.raises((ValueError, BackendUnavailable), match=r"\[key\]") as caught:
        backend.decode([asks()])
    assert KEY[:8] not in "".join(_chain(caught.value))


def _chain(error):
    while error is not None:
        yield f"{error} {error.args!r} {vars(error)}"
        error = error.__cause__ or error.__context__


def test_a_backend_holds_no_key(serve, connect, monkeypatch):
    monkeypatch.setenv("EL4NER_TEST_KEY", KEY)
    backend = connect(serve(OK), api_key_env="EL4NER_TEST_KEY")
    backend.decode([asks()])
    assert KEY.encode() not in pickle.dumps(backend)
    assert KEY not in f"{backend!r} {vars(backend)} {vars(backend._server)} {backend.identity}"


def test_a_password_in_the_address_is_not_shown():
    backend = OpenAIBackend("tiny", "http://me:secret@127.0.0.1:9/v1", retries=0)
    with pytest.raises(BackendUnavailable, match=r"http://127\.0\.0\.1:9/v1") as caught:
        backend.decode([asks()])
    backend.unload()
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("package", ["httpx", "tenacity"])
def test_a_missing_extra_is_named(serve, connect, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"EL017.*spacy-el4ner\[server\]"):
        connect(serve(OK)).decode([asks()])


def test_importing_the_backend_imports_no_http_client():
    code = "import sys, spacy_el4ner.backends.openai; sys.exit('httpx' in sys.modules)"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_forked_process_opens_its_own_connections(serve, connect, monkeypatch):
    backend = connect(serve(OK))
    backend.decode([asks()])
    _, inherited = backend._server._connection
    monkeypatch.setattr(http.os, "getpid", lambda: -1)
    backend.decode([asks()])
    assert backend._server._connection[1] is not inherited
    assert not inherited.is_closed
    inherited.close()
    backend.unload()
