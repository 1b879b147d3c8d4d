import contextlib
import json
import math
import os
import pickle
import signal
import sqlite3
import subprocess
import sys
import threading
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.backends import store
from spacy_el4ner.backends.base import Backend, BackendUnavailable
from spacy_el4ner.backends.grammars import fingerprint
from spacy_el4ner.backends.store import Identified, ResponseStore, StoredBackend, request_key
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.types import Answer, DecodeRequest, Prompt, ScoreRequest
from tests.backends.scripted import COPY, OPTIONS, Reply, asks, chat, scores
from tests.strategies import quick, sentence


class Echo:
    """Answers with the question and a number, and remembers what it was asked."""

    model, exact, context, forward_passes = "echo", True, 100, 0

    def __init__(self, **identity):
        self.identity = {"model": "echo", **identity}
        self.asked, self.fail_at = [], None

    def count(self, text):
        return len(text)

    def count_prompt(self, prompt):
        return len(prompt.context)

    def decode(self, requests):
        return [self._decode(request) for request in requests]

    def _decode(self, request):
        if len(self.asked) == self.fail_at:
            raise BackendUnavailable("gone")
        self.asked.append(request)
        return Answer(f"{request.prompt.context} 魏 {len(self.asked)}", (0, 2), (-0.5, -math.inf))

    def score(self, requests):
        self.asked += requests
        return [[-math.inf, 0.0, -1 / 3] for _ in requests]

    def forget(self):
        pass

    def unload(self):
        pass


def stored(path, backend=None, mode="use", **settings):
    return StoredBackend(backend or Echo(), ResponseStore(path, mode), **settings)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "new folder" / "answers.sqlite"


def test_it_is_a_backend(path):
    assert isinstance(Echo(), Identified)
    assert isinstance(stored(path), Backend)
    assert isinstance(stored(path), Identified)


def test_a_known_answer_is_not_asked_for(path):
    first = stored(path).decode([asks("a"), asks("b")])
    again = Echo()
    assert stored(path, again).decode([asks("b"), asks("a")]) == first[::-1]
    assert again.asked == []


def test_scores_come_back_as_they_were(path):
    first = stored(path).score([scores()])
    again = Echo()
    assert stored(path, again).score([scores()]) == first == [[-math.inf, 0.0, -1 / 3]]
    assert again.asked == []


def test_a_question_that_comes_twice_is_asked_once(path):
    backend = Echo()
    answers = stored(path, backend).decode([asks("a"), asks("b"), asks("a")])
    assert len(backend.asked) == 2
    assert answers[0] == answers[2] != answers[1]


def test_recording_asks_again_and_overwrites(path):
    stored(path).decode([asks("a"), asks("b")])
    backend = Echo()
    new = stored(path, backend, "record").decode([asks("b")])
    assert len(backend.asked) == 1
    assert stored(path, mode="replay").decode([asks("b")]) == new


def test_using_does_not_overwrite(path):
    store = ResponseStore(path)
    store.write([("key", "echo", "score", "[1]")])
    store.write([("key", "echo", "score", "[2]")])
    assert store.read(["key", "none"]) == {"key": "[1]"}


def test_replaying_asks_nobody(path):
    first = stored(path).decode([asks("a")])
    backend = Echo()
    assert stored(path, backend, "replay").decode([asks("a")]) == first
    with pytest.raises(LookupError, match=r'EL022.*answers.sqlite.*echo.*mode = "use"'):
        stored(path, backend, "replay").decode([asks("a"), asks("b")])
    assert backend.asked == []


def test_replaying_makes_no_file(path):
    with pytest.raises(LookupError, match="EL022"):
        stored(path, mode="replay").score([scores()])
    assert not path.parent.exists()


def test_an_answer_with_an_error_is_not_kept(path):
    backend = Echo()
    backend.decode = lambda requests: [Answer("", error="overloaded") for _ in requests]
    assert stored(path, backend).decode([asks("a")])[0].error == "overloaded"
    assert stored(path).decode([asks("a")]) == Echo().decode([asks("a")])


def test_what_was_answered_before_a_failure_is_kept(path):
    requests = [asks(str(n)) for n in range(10)]
    backend = Echo()
    backend.fail_at = 7
    with pytest.raises(BackendUnavailable):
        stored(path, backend, chunk=2).decode(requests)
    again = Echo()
    stored(path, again, chunk=2).decode(requests)
    assert again.asked == requests[6:]


def test_an_unknown_mode_is_refused(path):
    with pytest.raises(ValueError, match=r"EL010.*readonly.*use, record, replay"):
        ResponseStore(path, "readonly")


def test_a_copy_shares_the_store(path):
    first = stored(path).decode([asks("a")])
    copy = pickle.loads(pickle.dumps(stored(path, mode="replay")))
    assert copy.decode([asks("a")]) == first


WINDOW = sentence("Ann left Rome")
BASE = DecodeRequest(Prompt("s", "c", "q"), InlineTags().grammar(WINDOW))
OTHERS = {
    "system": replace(BASE, prompt=Prompt("S", "c", "q")),
    "context": replace(BASE, prompt=Prompt("s", "C", "q")),
    "question": replace(BASE, prompt=Prompt("s", "c", "Q")),
    "another cut": replace(BASE, prompt=Prompt("s", "cq", "")),
    "longest mention": replace(BASE, grammar=InlineTags(max_tokens=2).grammar(WINDOW)),
    "labels": replace(BASE, grammar=InlineTags(("ORG",)).grammar(WINDOW)),
    "text": replace(BASE, grammar=InlineTags().grammar(sentence("Bob left Rome"))),
    "format": replace(BASE, grammar=SpanList().grammar(WINDOW)),
    "kind": ScoreRequest(BASE.prompt, (fingerprint(BASE.grammar),)),
    "scores": ScoreRequest(BASE.prompt, OPTIONS),
    "options": ScoreRequest(BASE.prompt, OPTIONS[1:]),
    "order of options": ScoreRequest(BASE.prompt, OPTIONS[::-1]),
}


@pytest.mark.parametrize("other", OTHERS.values(), ids=OTHERS)
def test_another_request_has_another_key(other):
    everything = [BASE, *OTHERS.values()]
    keys = [request_key({"model": "m"}, request) for request in everything]
    assert keys.count(request_key({"model": "m"}, other)) == 1


@quick
@given(st.dictionaries(st.sampled_from("abc"), st.one_of(st.none(), st.integers(), st.text())))
def test_another_identity_has_another_key(identity):
    shuffled = dict(reversed(identity.items()))
    assert request_key(identity, BASE) == request_key(shuffled, BASE)
    assert request_key(identity, BASE) != request_key({**identity, "d": 1}, BASE)


def test_a_text_that_no_file_can_hold_has_a_key(path):
    request = ScoreRequest(Prompt("", "\ud800 \x00", ""), OPTIONS)
    assert stored(path).score([request]) == stored(path, mode="replay").score([request])


def test_answers_of_a_server_are_kept_without_its_key(path, serve, connect, monkeypatch):
    monkeypatch.setenv("EL4NER_TEST_KEY", "sk-secret")
    backend = connect(serve(chat(COPY)), api_key_env="EL4NER_TEST_KEY")
    stored(path, backend).decode([asks()])
    assert b"sk-secret" not in path.read_bytes()
    assert stored(path, backend, "replay").decode([asks()])[0].text == COPY


def test_a_server_that_is_gone_is_not_needed_for_what_is_kept(path, serve, connect):
    server = serve(chat(COPY), Reply(400))
    backend = connect(server)
    stored(path, backend).decode([asks()])
    server.stop()
    assert stored(path, backend).decode([asks()])[0].text == COPY


def test_threads_share_a_store(path):
    backend = stored(path, chunk=1)
    requests = [asks(str(n)) for n in range(15)]
    threads = [threading.Thread(target=backend.decode, args=(requests,)) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(stored(path, mode="replay").decode(requests)) == 15
    assert rows(path) == 15


WRITER = """
import sys
from spacy_el4ner.backends.store import ResponseStore
store = ResponseStore(sys.argv[1])
sys.stdin.readline()
for n in range(int(sys.argv[2]), int(sys.argv[3])):
    store.write([(f"key {n}", "echo", "score", f"[{n}]")])
    print(n, flush=True)
"""


def start_writer(path, first, last):
    command = [sys.executable, "-c", WRITER, str(path), str(first), str(last)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def rows(path):
    with contextlib.closing(sqlite3.connect(path)) as table:
        assert table.execute("PRAGMA integrity_check").fetchone() == ("ok",)
        return table.execute("SELECT count(*) FROM answers").fetchone()[0]


def test_processes_share_a_store(path):
    writers = [start_writer(path, 30 * n, 30 * n + 60) for n in range(4)]
    for writer in writers:
        writer.stdin.write("go\n")
        writer.stdin.flush()
    for writer in writers:
        writer.communicate(timeout=60)
        assert writer.returncode == 0
    expected = {f"key {n}": f"[{n}]" for n in range(150)}
    assert ResponseStore(path, "replay").read(list(expected)) == expected


def kill_after(process, lines):
    """Kill a process that prints numbers, with no chance to tidy up; the last number it printed."""
    for _ in range(lines):
        last = int(process.stdout.readline())
    os.kill(process.pid, signal.SIGKILL)
    return int([str(last), *process.stdout.read().split()][-1])


def test_a_killed_writer_leaves_what_it_wrote(path):
    with start_writer(path, 0, 10**6) as writer:
        writer.stdin.write("go\n")
        writer.stdin.flush()
        last = kill_after(writer, 20)
    assert rows(path) in (last + 1, last + 2)
    store = ResponseStore(path)
    store.write([("after", "echo", "score", "[]")])
    assert store.read([f"key {last}", "after"]) == {f"key {last}": f"[{last}]", "after": "[]"}


RUN = """
import sys
from spacy_el4ner.backends.store import ResponseStore, StoredBackend
from spacy_el4ner.types import Prompt, ScoreRequest

class Slow:
    model, identity, asked = "echo", {"model": "echo"}, 0

    def score(self, requests):
        self.asked += len(requests)
        print(self.asked, flush=True)
        return [[0.0] for _ in requests]

requests = [ScoreRequest(Prompt("s", str(n), "q"), ("x",)) for n in range(100_000)]
StoredBackend(Slow(), ResponseStore(sys.argv[1]), chunk=3).score(requests)
"""


def test_a_killed_run_goes_on_where_it_was(path):
    command = [sys.executable, "-c", RUN, str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as run:
        asked = kill_after(run, 10)
    total = asked + 30
    requests = [ScoreRequest(Prompt("s", str(n), "q"), ("x",)) for n in range(total)]
    backend = Echo()
    stored(path, backend).score(requests)
    assert len(backend.asked) in (30, 33)


def test_what_is_kept_is_strict_json(path):
    stored(path).score([scores()])
    stored(path).decode([asks()])
    with contextlib.closing(sqlite3.connect(path)) as table:
        kept = [row[0] for row in table.execute("SELECT answer FROM answers")]
    assert len(kept) == 2
    for answer in kept:
        json.loads(answer, parse_constant=pytest.fail)


def test_the_place_of_a_window_is_no_part_of_a_span_list(path):
    def asked(**place):
        grammar = SpanList().grammar(replace(sentence("Ann left"), **place))
        return DecodeRequest(Prompt("", "Ann left", ""), grammar)

    first = stored(path).decode([asked(document=3, start=40)])
    assert stored(path, mode="replay").decode([asked()]) == first


@contextlib.contextmanager
def opened(monkeypatch, writable):
    """Collects the addresses that are opened as by one who may write to the folder, or may not."""
    connect, found = sqlite3.connect, []
    with monkeypatch.context() as patch:
        patch.setattr(os, "access", lambda *_, **__: writable)
        patch.setattr(sqlite3, "connect", lambda a, **s: found.append(a) or connect(a, **s))
        yield found


@pytest.mark.parametrize("writable", [False, True])
def test_only_where_nobody_can_write_the_file_is_taken_to_stay_as_it_is(path, monkeypatch, writable):
    first = stored(path).decode([asks()])
    with opened(monkeypatch, writable) as addresses:
        assert stored(path, mode="replay").decode([asks()]) == first
    assert ["immutable" in address for address in addresses] == [not writable]


def test_what_a_writer_left_behind_is_not_passed_over(path, monkeypatch):
    stored(path).decode([asks()])
    path.with_name(f"{path.name}-wal").write_bytes(b"left behind")
    with opened(monkeypatch, False), pytest.raises(OSError, match=r"EL124.*sqlite-wal"):
        stored(path, mode="replay").decode([asks()])


@contextlib.contextmanager
def locked(path):
    """Another process writes, and does not stop."""
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        yield


def test_answers_that_cannot_be_stored_are_given_all_the_same(path, monkeypatch):
    monkeypatch.setattr(store, "PATIENCE", 0.05)
    backend = stored(path, chunk=2)
    backend.decode([asks("a")])
    requests = [asks(text) for text in "abcd"]
    with locked(path), pytest.warns(UserWarning, match=r"WL230.*answers\.sqlite.*locked"):
        answers = backend.decode(requests)
    assert answers == Echo().decode(requests)
    assert rows(path) == 1


def test_answers_are_given_where_the_disk_is_full(path, monkeypatch):
    def full(self, rows):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(ResponseStore, "write", full)
    with pytest.warns(UserWarning, match=r"WL230.*No space left"):
        assert stored(path).decode([asks("a")]) == Echo().decode([asks("a")])


@pytest.mark.parametrize("mode", ["use", "replay"])
def test_what_is_no_store_is_an_error_with_a_code(path, mode):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"something else " * 100)
    with pytest.raises(OSError, match=r"EL234.*answers\.sqlite"):
        stored(path, mode=mode).decode([asks("a")])
    assert path.read_bytes().startswith(b"something else")
