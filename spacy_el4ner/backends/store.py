"""Answers kept on disk, so that nothing is asked twice: by a later run, another process, or a run that
was cut off.
"""

import hashlib
import json
import math
import os
import sqlite3
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from spacy_el4ner.backends.base import Backend
from spacy_el4ner.backends.grammars import fingerprint
from spacy_el4ner.backends.wrapper import Wrapper
from spacy_el4ner.errors import Errors
from spacy_el4ner.types import Answer, DecodeRequest, ScoreRequest

Q = TypeVar("Q", DecodeRequest, ScoreRequest)
T = TypeVar("T")
MODES = ("use", "record", "replay")
PATIENCE = 60.0
"""Seconds to wait while other processes write."""
SCHEMA = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, model TEXT, kind TEXT, answer TEXT)"


@runtime_checkable
class Identified(Backend, Protocol):
    """A backend that can say what its answers depend on.

    identity (dict[str, Any]): The model, its revision and adapter, and every setting that changes an
        answer; plain data.
    """

    @property
    def identity(self) -> dict[str, Any]: ...


class ResponseStore:
    """A table of answers in SQLite, which processes and threads can share.

    path (str | Path): The file; it is made when there is none, but not in mode "replay".
    mode (str): "use" takes what is there and asks for the rest; "record" asks for everything and
        overwrites; "replay" asks for nothing.
    """

    def __init__(self, path: str | Path, mode: str = "use"):
        if mode not in MODES:
            known = ", ".join(MODES)
            raise ValueError(Errors.EL010.format(value=mode, setting="mode", known=known))
        self.path = Path(path)
        self.mode = mode

    def read(self, keys: Sequence[str]) -> dict[str, str]:
        """RETURNS (dict[str, str]): Key -> answer, of those keys that are there."""
        if self.mode == "replay" and not self.path.exists():
            return {}
        with self._open() as table:
            rows = (table.execute("SELECT answer FROM answers WHERE key = ?", (k,)) for k in keys)
            found = {k: row.fetchone() for k, row in zip(keys, rows, strict=True)}
        return {key: row[0] for key, row in found.items() if row is not None}

    def write(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        """rows (Sequence[tuple]): Key, model, kind and answer. They are there for good on return, all
        of them or, if the process dies before it, none.
        """
        instead = "REPLACE" if self.mode == "record" else "IGNORE"
        with self._open() as table, table:
            table.executemany(f"INSERT OR {instead} INTO answers VALUES (?, ?, ?, ?)", rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection for this one use, which no other thread or forked process can come by."""
        if self.mode == "replay":
            with closing(sqlite3.connect(self._read_only, timeout=PATIENCE, uri=True)) as table:
                yield table
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with closing(sqlite3.connect(self.path, timeout=PATIENCE)) as table:
            _prepare(table)
            yield table

    @property
    def _read_only(self) -> str:
        """The address to open it at in mode "replay". SQLite makes files beside it even to read, unless
        it is told that nobody writes: so it is where nobody can, and no writer left anything.
        """
        path = self.path.resolve()  # these files are beside what a link leads to
        log, shared = Path(f"{path}-wal"), Path(f"{path}-shm")
        address = f"{path.as_uri()}?mode=ro"
        effective = os.access in os.supports_effective_ids
        writable = os.access(path.parent, os.W_OK, effective_ids=effective)
        if writable or (log.exists() and shared.exists()):
            return address
        if log.exists():
            raise PermissionError(Errors.EL124.format(path=self.path, log=log.name))
        return f"{address}&immutable=1"


class StoredBackend(Wrapper[Identified]):
    """Answers from a store what is in it, and asks another backend for the rest.

    backend (Identified): Whom to ask.
    store (ResponseStore): Where answers are kept.
    chunk (int): Requests that are asked at a time; their answers are then kept, so that a run that is
        cut off loses no more than these.
    """

    def __init__(self, backend: Identified, store: ResponseStore, chunk: int = 32):
        super().__init__(backend)
        self.store = store
        self.chunk = chunk

    @property
    def identity(self) -> dict[str, Any]:
        return self.backend.identity

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        return self._answer("decode", requests, self.backend.decode, _answer_text, _read_answer)

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        return self._answer("score", requests, self.backend.score, _scores_text, _read_scores)

    def _answer(
        self,
        kind: str,
        requests: Sequence[Q],
        ask: Callable[[Sequence[Q]], list[T]],
        write: Callable[[T], str | None],
        read: Callable[[str], T],
    ) -> list[T]:
        identity = self.identity
        keys = [request_key(identity, request) for request in requests]
        kept = {} if self.store.mode == "record" else self.store.read(list(dict.fromkeys(keys)))
        found = {key: read(answer) for key, answer in kept.items()}
        missing = {k: r for k, r in zip(keys, requests, strict=True) if k not in found}
        if missing and self.store.mode == "replay":
            raise LookupError(Errors.EL022.format(path=self.store.path, name=self.model))
        for chunk in _chunks(list(missing), self.chunk):
            answers = ask([missing[key] for key in chunk])
            found.update(zip(chunk, answers, strict=True))
            texts = ((key, write(answer)) for key, answer in zip(chunk, answers, strict=True))
            self.store.write([(key, self.model, kind, t) for key, t in texts if t is not None])
        return [found[key] for key in keys]


def request_key(identity: dict[str, Any], request: DecodeRequest | ScoreRequest) -> str:
    """identity (dict[str, Any]): What the backend's answers depend on.
    request (DecodeRequest | ScoreRequest): What is asked.
    RETURNS (str): The same for the same request in every process, and different for any other.
    """
    prompt = request.prompt
    if isinstance(request, DecodeRequest):
        kind, answers = "decode", [fingerprint(request.grammar)]
    else:
        kind, answers = "score", list(request.options)
    asked = {
        "identity": identity,
        "kind": kind,
        "prompt": [prompt.system, prompt.context, prompt.question],
        "answers": answers,
    }
    canonical = json.dumps(asked, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _prepare(table: sqlite3.Connection) -> None:
    """Make the table, and let readers and a writer work at the same time. While another process does
    the same, SQLite refuses at once instead of waiting.
    """
    until = time.monotonic() + PATIENCE
    while True:
        try:
            table.execute("PRAGMA journal_mode = WAL")
            table.execute(SCHEMA)
            return
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(0.01)


def _chunks(items: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    return (items[start : start + size] for start in range(0, len(items), size))


def _answer_text(answer: Answer) -> str | None:
    if answer.error:
        return None
    return json.dumps([answer.text, list(answer.offsets), list(map(_finite, answer.logprobs))])


def _read_answer(text: str) -> Answer:
    said, offsets, logprobs = json.loads(text)
    return Answer(said, tuple(offsets), tuple(map(_number, logprobs)))


def _scores_text(scores: list[float]) -> str:
    return json.dumps(list(map(_finite, scores)))


def _read_scores(text: str) -> list[float]:
    return list(map(_number, json.loads(text)))


def _finite(value: float) -> float | None:
    """JSON has no infinity."""
    return None if value == -math.inf else value


def _number(value: float | None) -> float:
    return -math.inf if value is None else value
