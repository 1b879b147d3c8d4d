"""Keys and addresses of servers: named by variables, checked early, never shown."""

import json
import pickle
import traceback
from urllib.parse import quote

import pytest

from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.backends.openai import OpenAIBackend
from spacy_el4ner.errors import EL4NERError
from tests.backends.scripted import COPY, Reply, asks, chat

KEY = "sk-do-not-tell-anybody"
OK = chat(COPY)


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


def test_a_backend_holds_no_key(serve, connect, monkeypatch):
    monkeypatch.setenv("EL4NER_TEST_KEY", KEY)
    backend = connect(serve(OK), api_key_env="EL4NER_TEST_KEY")
    backend.decode([asks()])
    assert KEY.encode() not in pickle.dumps(backend)
    assert KEY not in f"{backend!r} {vars(backend)} {vars(backend._server)} {backend.identity}"


@pytest.mark.parametrize("address", ["http://me:secret@127.0.0.1:9/v1", "ftp://me:secret@host/v1"])
def test_a_password_in_the_address_is_refused_and_not_shown(address):
    with pytest.raises(ValueError, match=r"EL232|EL010") as caught:
        OpenAIBackend("tiny", address)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize("status", [200, 401, 503])
@pytest.mark.parametrize("key", ["sk/with/slashes", 'sk"with"quotes', "sk\\with+more?"])
def test_an_escaped_key_is_not_told_either(serve, connect, monkeypatch, status, key):
    monkeypatch.setenv("EL4NER_TEST_KEY", key)
    quoted = json.dumps(key)
    said = f"{key} {quoted} {quoted.replace('/', chr(92) + '/')} {quote(key, safe='')}"
    server = serve(Reply(status, said.encode()))
    with pytest.raises(EL4NERError, match=r"\[key\]") as caught:
        connect(server, api_key_env="EL4NER_TEST_KEY", retries=0).decode([asks()])
    for part in ("slashes", "quotes", "more"):
        assert part not in str(caught.value)


@pytest.mark.parametrize("reply", [Reply(401), Reply(503), Reply(reset=True), Reply(200, b"no")])
def test_no_frame_of_an_error_holds_the_key(serve, connect, monkeypatch, reply):
    monkeypatch.setenv("EL4NER_TEST_KEY", KEY)
    backend = connect(serve(reply), api_key_env="EL4NER_TEST_KEY", retries=0)
    with pytest.raises(EL4NERError) as caught:
        backend.decode([asks()])
    told = traceback.TracebackException.from_exception(caught.value, capture_locals=True)
    while told is not None:
        for frame in told.stack:
            assert KEY not in str(frame.locals)
        told = told.__cause__ or told.__context__


@pytest.mark.parametrize(
    "address",
    [
        "localhost:8000",
        "http://",
        "http://[::1",
        "http://host:port/v1",
        "http://host:99999/v1",
        "http://a b/v1",
        "http://host/v1?version=2",
        "http://host/v1#top",
        "http://host/v1\n",
    ],
)
def test_what_is_no_address_is_refused_at_once(address):
    with pytest.raises(ValueError, match="EL010"):
        OpenAIBackend("tiny", address)


def _chain(error):
    while error is not None:
        yield f"{error} {error.args!r} {vars(error)}"
        error = error.__cause__ or error.__context__
