"""Replies that are packed, and replies that point elsewhere."""

import gzip
import json
import zlib

import pytest

from spacy_el4ner.backends import connection
from spacy_el4ner.backends.base import BackendRefused, BackendUnavailable
from tests.backends.scripted import COPY, Reply, asks, chat

OK = chat(COPY)
BODY = json.dumps(OK.body).encode()


@pytest.mark.parametrize("encoding", ["gzip", "GZIP", "x-gzip"])
def test_a_packed_reply_is_read(serve, connect, encoding):
    server = serve(Reply(200, gzip.compress(BODY), {"Content-Encoding": encoding}))
    assert connect(server).decode([asks()])[0].text == COPY


UNREADABLE = {
    "packed twice": ("gzip, gzip", gzip.compress(gzip.compress(BODY))),
    "packed otherwise": ("deflate", zlib.compress(BODY)),
    "an unknown encoding": ("br", BODY),
    "not packed": ("gzip", BODY),
    "cut": ("gzip", gzip.compress(BODY)[:-9]),
    "followed by more": ("gzip", gzip.compress(BODY) + b"more"),
}


@pytest.mark.parametrize(("encoding", "body"), UNREADABLE.values(), ids=UNREADABLE)
def test_a_reply_packed_in_another_way_is_given_up(serve, connect, encoding, body):
    server = serve(Reply(200, body, {"Content-Encoding": encoding}))
    with pytest.raises(BackendUnavailable, match=r"EL020.*gzip"):
        connect(server, retries=0).decode([asks()])


@pytest.mark.parametrize(("encoding", "body"), UNREADABLE.values(), ids=UNREADABLE)
@pytest.mark.parametrize(("status", "error"), [(401, BackendRefused), (500, BackendUnavailable)])
def test_a_status_is_told_whatever_its_body(serve, connect, encoding, body, status, error):
    server = serve(Reply(status, body, {"Content-Encoding": encoding}))
    with pytest.raises(error, match=f"status {status}"):
        connect(server, retries=0).decode([asks()])


@pytest.mark.parametrize("size", [2**16, 2**16 + 1])
def test_the_limit_is_one_of_the_unpacked_reply(serve, connect, monkeypatch, size):
    monkeypatch.setattr(connection, "MOST_BYTES", 2**16)
    body = BODY + b" " * (size - len(BODY))
    backend = connect(serve(Reply(200, gzip.compress(body), {"Content-Encoding": "gzip"})), retries=0)
    if size > connection.MOST_BYTES:
        with pytest.raises(BackendUnavailable, match="more than"):
            backend.decode([asks()])
    else:
        assert backend.decode([asks()])[0].text == COPY


@pytest.mark.parametrize("status", [307, 308])
def test_a_redirect_is_not_followed(serve, connect, monkeypatch, status):
    monkeypatch.setenv("EL4NER_TEST_KEY", "of-one-server")
    other = serve(OK)
    server = serve(Reply(status, headers={"Location": f"{other.url}/chat/completions"}))
    with pytest.raises(BackendRefused, match=f"status {status}"):
        connect(server, api_key_env="EL4NER_TEST_KEY").decode([asks()])
    assert other.seen == []
