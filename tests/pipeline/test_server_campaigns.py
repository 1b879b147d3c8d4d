"""Campaigns of server replies: whatever a server answers, no stream ends and no document is lost."""

import json
import math

import hypothesis.strategies as st
import pytest
from hypothesis import example, given

from spacy_el4ner.backends import http
from tests.backends.scripted import Reply, Scripted, chat
from tests.hostile import texts
from tests.pipeline.test_servers import ensemble
from tests.tiny import LABELS

TEXTS = ("Ann met Bill.", "Bill left Paris.", "Who saw Ann?")
pytestmark = pytest.mark.filterwarnings("ignore::UserWarning")
ODD_NUMBERS = st.sampled_from(
    [math.nan, math.inf, -math.inf, 10**400, -(10**400), 1000.0, -0.0, 1e-320]
)
PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | ODD_NUMBERS | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)
ENTRIES = st.fixed_dictionaries(
    {"token": st.text(max_size=5) | PLAIN, "logprob": st.floats() | ODD_NUMBERS | PLAIN},
    optional={"bytes": st.lists(st.integers(-1, 300), max_size=4) | PLAIN, "top_logprobs": PLAIN},
)
LOGPROBS = st.none() | PLAIN | st.fixed_dictionaries({"content": st.lists(ENTRIES | PLAIN, max_size=4)})
CHATS = st.builds(
    chat,
    texts(max_pieces=4) | PLAIN,
    logprobs=LOGPROBS,
    finish=st.sampled_from(["stop", "length", "content_filter"]),
)
STATUSES = st.sampled_from([200, 201, 204, 301, 400, 408, 413, 422, 429, 500, 503, 529, 599])
HEADERS = st.dictionaries(
    st.sampled_from(["Retry-After", "Content-Type", "Content-Encoding"]),
    st.sampled_from(["0", "-1", "soon", "gzip", "br", "text/html", "Mon, 01 Jan 99999 00:00:00 GMT"]),
)
BODIES = st.binary(max_size=60) | PLAIN.map(lambda value: json.dumps(value).encode())
REPLIES = st.one_of(
    CHATS,
    st.builds(Reply, status=STATUSES, body=BODIES, headers=HEADERS),
    st.just(Reply(reset=True)),
    st.builds(Reply, body=st.binary(max_size=20), missing=st.integers(1, 9)),
)


@pytest.fixture(scope="module")
def server():
    scripted = Scripted(lambda body: chat("none"))
    yield scripted
    scripted.stop()


@pytest.fixture(autouse=True, scope="module")
def _short_pauses():
    before, http.PAUSE = http.PAUSE, 0.001
    yield
    http.PAUSE = before


@given(reply=REPLIES)
@example(reply=Reply(200, b"[" * 100_000))
@example(reply=Reply(200, b'{"choices": [{"message": {"content": "x"}, "logprobs": NaN}]}'))
@example(reply=chat("<e>Ann</e> met Bill.", logprobs={"content": ["a"]}))
@example(reply=Reply(302, b"", {"Location": "http://127.0.0.1:1/"}))
def test_any_reply_leaves_every_document_accounted_for(server, reply):
    server.reply = lambda body: reply
    nlp = ensemble({"a": server.url}, on_error="skip")
    try:
        docs = list(nlp.pipe(TEXTS))
    except http.BackendRefused:  # a status that concerns every request
        assert reply.status not in (*http.REJECTED, *http.RETRIED, 200)
        assert reply.status < 500
        return
    assert [doc.text for doc in docs] == list(TEXTS)
    for doc in docs:
        error = doc._.el4ner["error"]
        assert not error or "[EL" in error
        assert {span.label_ for span in doc.spans.get("el4ner", ())} <= set(LABELS)
        for span in doc.spans.get("el4ner", ()):
            assert 0 <= span._.confidence <= 1 + 1e-6
