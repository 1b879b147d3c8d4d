import contextlib
import gzip
import os
import random
import signal
import socket
import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from spacy_el4ner.backends import connection, http
from spacy_el4ner.backends.base import BackendRefused, BackendUnavailable, RequestFailed
from spacy_el4ner.backends.openai import OpenAIBackend
from spacy_el4ner.errors import EL4NERError, EL4NERRuntimeError
from tests.backends.scripted import COPY, Reply, asks, chat

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
    with pytest.raises(
        EL4NERError, match=rf"(?s)EL019.*{server.url}.*tiny.*{status}.*so there"
    ) as caught:
        connect(server).decode([asks()])
    assert len(server.seen) == 1
    assert isinstance(caught.value, BackendRefused) == (status not in (400, 422))


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
    with pytest.raises(EL4NERRuntimeError, match=rf"(?s)EL020.*{server.url}.*tiny.*3 att.*{said}"):
        connect(server, retries=2).decode([asks()])
    assert len(server.seen) == 3


def test_pauses_leave_the_random_numbers_of_the_program_alone(serve, connect):
    server = serve(Reply(503), Reply(503), OK)
    before = random.getstate()
    connect(server).decode([asks()])
    assert len(server.seen) == 3
    assert random.getstate() == before


def test_a_server_that_is_not_there_is_unavailable(serve, connect):
    server = serve(OK)
    server.stop()
    with pytest.raises(BackendUnavailable, match="ConnectError"):
        connect(server, retries=1).decode([asks()])


def test_the_deadline_ends_the_attempts(serve, connect):
    server = serve(Reply(503))
    start = time.monotonic()
    with pytest.raises(BackendUnavailable):
        connect(server, deadline=1.0, retries=1000).decode([asks()])
    assert time.monotonic() - start < 10
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
    server = serve(Reply(401))
    with pytest.raises(ValueError, match="EL019"):
        connect(server, max_concurrency=2).decode([asks()] * 100)
    assert len(server.seen) <= 2  # those that were under way


def test_after_a_failure_nothing_more_is_sent_even_before_it_is_raised(serve, connect, monkeypatch):
    server, collected = serve(Reply(403)), http._collected

    def late(*args):
        time.sleep(0.3)
        return collected(*args)

    monkeypatch.setattr(http, "_collected", late)
    with pytest.raises(BackendRefused):
        connect(server, max_concurrency=1).decode([asks()] * 20)
    assert len(server.seen) == 1


def test_waits_end_when_another_request_fails(serve, connect):
    def reply(body):
        first = "first" in body["messages"][1]["content"]
        return Reply(503, headers={"Retry-After": "30"}) if first else Reply(401, delay=0.2)

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


@pytest.mark.parametrize("package", ["httpx", "tenacity"])
def test_a_missing_extra_is_named(serve, connect, monkeypatch, package):
    monkeypatch.setitem(sys.modules, package, None)
    with pytest.raises(ImportError, match=r"EL017.*spacy-el4ner\[server\]"):
        connect(serve(OK)).decode([asks()])


def test_importing_the_backend_needs_no_http_client():
    # spaCy itself may import httpx, so the client is hidden from what is imported after it.
    hide = "import sys, spacy; sys.modules['httpx'] = sys.modules['tenacity'] = None; "
    code = hide + "import spacy_el4ner.backends.openai"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_a_forked_process_opens_its_own_connections(serve, connect, monkeypatch):
    backend = connect(serve(OK))
    backend.decode([asks()])
    inherited = backend._server._connection
    monkeypatch.setattr(inherited, "owner", -1)  # as in the child
    backend.decode([asks()])
    assert backend._server._connection is not inherited
    monkeypatch.undo()
    inherited.close()
    backend.unload()


def of(number):
    """Whether a request is about a document."""
    return lambda body: f"number {number}." in body["messages"][1]["content"]


@pytest.mark.parametrize(
    "bad",
    [Reply(500), Reply(400), chat(None, finish="content_filter"), Reply(body=b"{"), Reply(reset=True)],
    ids=["500", "400", "no text", "no JSON", "reset"],
)
def test_one_request_that_fails_is_not_the_server(serve, connect, bad):
    bad_one = of(3)
    server = serve(lambda body: bad if bad_one(body) else OK)
    backend = connect(server, retries=1)
    requests = [asks(f"number {n}.") for n in range(6)]
    with pytest.raises(RequestFailed):
        backend.decode(requests)
    assert {n for n in range(6) if any(of(n)(body) for body in server.seen)} == set(range(6))
    for number in (2, 4):
        assert backend.decode([requests[number]])[0].text == COPY
    with pytest.raises(RequestFailed):
        backend.decode([requests[3]])


def test_a_server_that_answers_nothing_is_unavailable_soon(serve, connect):
    server = serve(Reply(500))
    with pytest.raises(BackendUnavailable):
        connect(server, retries=0, max_concurrency=2).decode([asks()] * 50)
    assert len(server.seen) < 6


def test_a_server_that_stops_answering_is_unavailable_soon(serve, connect):
    server = serve(OK, OK, Reply(500))
    backend = connect(server, retries=0, max_concurrency=1)
    backend.decode([asks()] * 2)
    with pytest.raises(BackendUnavailable):
        backend.decode([asks()] * 50)
    assert len(server.seen) < 8


def test_what_the_server_says_instead_of_an_answer_is_told(serve, connect):
    server = serve(Reply(200, {"error": {"message": "model is loading"}}))
    with pytest.raises(BackendUnavailable, match=r"(?s)EL020.*model is loading"):
        connect(server, retries=0).decode([asks()])


@pytest.mark.parametrize("part", ["headers", "body"])
def test_the_time_limit_holds_however_slowly_bytes_come(part):
    """Each byte comes in time; the whole does not."""
    listener = socket.create_server(("127.0.0.1", 0))

    def drip():
        with contextlib.suppress(OSError):
            peer, _ = listener.accept()
            with peer:
                head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n"
                peer.sendall(b"HTTP/1.1 " if part == "headers" else head + b"\r\n")
                for _ in range(200):
                    peer.sendall(b"2")
                    time.sleep(0.05)

    dripping = threading.Thread(target=drip)
    dripping.start()
    backend = OpenAIBackend(
        "tiny", f"http://127.0.0.1:{listener.getsockname()[1]}/v1", timeout=0.4, retries=0
    )
    start = time.monotonic()
    with pytest.raises(BackendUnavailable, match="too long"):
        backend.decode([asks()])
    assert time.monotonic() - start < 2
    backend.unload()
    dripping.join()
    listener.close()


def test_ctrl_c_does_not_wait_for_answers(serve, connect):
    server = serve(Reply(body=OK.body, delay=5))
    backend = connect(server, timeout=60)
    # A process that a shell starts in the background ignores the signal otherwise.
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    threading.Timer(0.5, os.kill, [os.getpid(), signal.SIGINT]).start()
    start = time.monotonic()
    try:
        with pytest.raises(KeyboardInterrupt):
            backend.decode([asks()] * 3)
    finally:
        signal.signal(signal.SIGINT, before)
    assert time.monotonic() - start < 3


def test_an_unloaded_backend_ends_the_requests_under_way(serve, connect):
    asked, released = threading.Event(), threading.Event()

    def reply(body):
        asked.set()
        released.wait(60)
        return OK

    backend = connect(serve(reply), max_concurrency=1)
    unloading = threading.Thread(target=lambda: asked.wait(60) and backend.unload())
    unloading.start()
    with pytest.raises(BackendUnavailable, match=r"EL358.*tiny"):
        backend.decode([asks()] * 3)
    assert not released.is_set()
    released.set()
    unloading.join()
    assert backend.decode([asks()])[0].text == COPY  # over new connections


def test_a_reply_that_unpacks_to_too_much_is_given_up(serve, connect, monkeypatch):
    monkeypatch.setattr(connection, "MOST_BYTES", 2**20)
    packed = gzip.compress(b" " * 2**24)
    server = serve(Reply(200, packed, {"Content-Encoding": "gzip"}))
    with pytest.raises(BackendUnavailable, match="MiB"):
        connect(server, retries=0).decode([asks()])


@pytest.mark.parametrize(
    "header", ["Mon, 01 Jan 99999999999999999999 00:00:00 GMT", "soon", "", "9" * 400]
)
def test_a_wait_that_makes_no_sense_is_an_attempt_like_others(serve, connect, header):
    server = serve(Reply(429, headers={"Retry-After": header}))
    with pytest.raises(BackendUnavailable, match="status 429"):
        connect(server, retries=0).decode([asks()])
