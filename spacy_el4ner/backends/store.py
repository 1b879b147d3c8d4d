"""A store of answers on disk, so that no run, process or resumed run asks anything twice."""

import dataclasses
import hashlib
import json
import math
import os
import sqlite3
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any, Protocol, TypeVar, runtime_checkable

from spacy_el4ner.backends.base import Backend
from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.backends.grammars import fingerprint
from spacy_el4ner.backends.wrapper import Wrapper
from spacy_el4ner.errors import EL4NERLookupError, EL4NEROSError, EL4NERValueError, Errors, Warnings
from spacy_el4ner.types import Answer, DecodeRequest, ScoreRequest

Q = TypeVar("Q", DecodeRequest, ScoreRequest)
T = TypeVar("T")
MODES = ("use", "record", "replay")
PATIENCE = 60.0
"""Seconds to wait for other processes that write."""
SCHEMA = "CREATE TABLE IF NOT EXISTS answers (key TEXT PRIMARY KEY, model TEXT, kind TEXT, answer TEXT)"


@runtime_checkable
class Identified(Backend, Protocol):
    """A backend that states everything that its answers depend on."""

    @property
    def identity(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The model, its revision and adapter, and every setting that changes
        an answer, as plain data.
        """
        ...


class ResponseStore:
    """A table of answers in SQLite, which processes and threads can share.

    path (str | Path): The file, which is created if it does not exist, except in mode "replay".
    mode (str): "use" reuses stored answers and requests the others; "record" requests all answers and
        overwrites; "replay" requests none.
    """

    def __init__(self, path: str | Path, mode: str = "use"):
        if mode not in MODES:
            known = ", ".join(MODES)
            raise EL4NERValueError(Errors.EL010.format(value=mode, setting="mode", known=known))
        self.path = Path(path)
        self.mode = mode

    def read(self, keys: Sequence[str]) -> dict[str, str]:
        """keys (Sequence[str]): Keys of requests.
        RETURNS (dict[str, str]): Key -> answer, for the keys that are stored.
        RAISES (OSError): The store cannot be read.
        """
        if self.mode == "replay" and not self.path.exists():
            return {}
        try:
            with self._open() as table:
                cells = (table.execute("SELECT answer FROM answers WHERE key = ?", (k,)) for k in keys)
                rows = {k: cell.fetchone() for k, cell in zip(keys, cells, strict=True)}
        except sqlite3.Error as error:
            problem = _problem(error)
            raise EL4NEROSError(Errors.EL234.format(path=self.path, problem=problem)) from error
        return {key: row[0] for key, row in rows.items() if row is not None}

    def write(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        """Write answers durably: all of them, or none if the process dies meanwhile.

        rows (Sequence[tuple[str, str, str, str]]): Key, model, kind and answer.
        """
        instead = "REPLACE" if self.mode == "record" else "IGNORE"
        with self._open() as table, table:
            table.executemany(f"INSERT OR {instead} INTO answers VALUES (?, ?, ?, ?)", rows)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        """A connection that no other thread or forked process shares."""
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
        """The address for mode "replay". SQLite creates files next to the table even to read it, unless
        the table is declared immutable: it is, if the folder is read-only and no writer left a log.
        """
        path = self.path.resolve()  # these files are next to the target of a link
        log, shared = Path(f"{path}-wal"), Path(f"{path}-shm")
        address = f"{path.as_uri()}?mode=ro"
        effective = os.access in os.supports_effective_ids
        writable = os.access(path.parent, os.W_OK, effective_ids=effective)
        if writable or (log.exists() and shared.exists()):
            return address
        if log.exists():
            raise EL4NEROSError(Errors.EL124.format(path=self.path, log=log.name))
        return f"{address}&immutable=1"


class StoredBackend(Wrapper[Identified]):
    """Takes answers from a store, and those that it lacks from another backend.

    backend (Identified): The backend whose answers are stored.
    store (ResponseStore): The store.
    chunk (int): Requests after which answers are stored: an interrupted run loses no more than these.
    """

    def __init__(self, backend: Identified, store: ResponseStore, chunk: int = 32):
        super().__init__(backend)
        self.store = store
        self.chunk = chunk

    @property
    def identity(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Everything that the answers of the backend depend on."""
        return self.backend.identity

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        """requests (Sequence[DecodeRequest]): Prompts with the grammars of their answers.
        RETURNS (list[Answer]): An answer for each request, in order.
        RAISES (LookupError): EL022, mode "replay" and no stored answer.
        RAISES (OSError): The store cannot be read.
        """
        return self._answer("decode", requests, self.backend.decode, _answer_text, _read_answer)

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        """requests (Sequence[ScoreRequest]): Prompts with the options of their answers.
        RETURNS (list[list[float]]): Log-probability of each option of each request, in nats.
        RAISES (LookupError): EL022, mode "replay" and no stored answer.
        RAISES (OSError): The store cannot be read.
        """
        return self._answer("score", requests, self.backend.score, _scores_text, _read_scores)

    def force(self, requests: Sequence[DecodeRequest]) -> list[list[ForcedDecision]]:
        """requests (Sequence[DecodeRequest]): Prompts, each with the whole answer as its `guess`.
        RETURNS (list[list[ForcedDecision]]): The model's decision at each place of each answer.
        RAISES (LookupError): EL022, mode "replay" and no stored answer.
        RAISES (OSError): The store cannot be read.
        """
        return self._answer("force", requests, super().force, _decisions_text, _read_decisions)

    def _answer(
        self,
        kind: str,
        requests: Sequence[Q],
        ask: Callable[[Sequence[Q]], list[T]],
        write: Callable[[T], str | None],
        read: Callable[[str], T],
    ) -> list[T]:
        identity = self.identity
        keys = [request_key(identity, request, forced=kind == "force") for request in requests]
        kept = {} if self.store.mode == "record" else self.store.read(list(dict.fromkeys(keys)))
        results = {key: read(answer) for key, answer in kept.items()}
        missing = {k: r for k, r in zip(keys, requests, strict=True) if k not in results}
        if missing and self.store.mode == "replay":
            raise EL4NERLookupError(Errors.EL022.format(path=self.store.path, name=self.model))
        for chunk in _chunks(list(missing), self.chunk):
            answers = ask([missing[key] for key in chunk])
            results.update(zip(chunk, answers, strict=True))
            texts = ((key, write(answer)) for key, answer in zip(chunk, answers, strict=True))
            self._keep([(key, self.model, kind, text) for key, text in texts if text is not None])
        return [results[key] for key in keys]

    def _keep(self, rows: Sequence[tuple[str, str, str, str]]) -> None:
        """Write answers to the store, or warn: the answers, once paid for, are used in any case."""
        try:
            self.store.write(rows)
        except (OSError, sqlite3.Error) as error:
            text = Warnings.WL230.format(n=len(rows), path=self.store.path, problem=_problem(error))
            warnings.warn(text, stacklevel=2)


def request_key(
    identity: dict[str, Any], request: DecodeRequest | ScoreRequest, *, forced: bool = False
) -> str:
    """identity (dict[str, Any]): Everything that the backend's answers depend on.
    request (DecodeRequest | ScoreRequest): A request.
    forced (bool): Whether the decisions along the guess of the request are wanted.
    RETURNS (str): A hash that is the same for the same request in every process.
    """
    prompt = request.prompt
    if isinstance(request, DecodeRequest):
        kind, answers = "decode", [fingerprint(request.grammar), *map(repr, sorted(request.bias))]
        if forced:
            kind, answers = "force", [*answers, *request.guess]
    else:
        kind, answers = "score", list(request.options)
    content = {
        "identity": identity,
        "kind": kind,
        "prompt": dataclasses.astuple(prompt),
        "answers": answers,
    }
    canonical = json.dumps(content, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode("ascii")).hexdigest()


def _problem(error: Exception) -> str:
    """An error of SQLite or of the system, with its name."""
    return f"{type(error).__name__}: {error}"


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
    logprobs, raw = (list(map(_finite, values)) for values in (answer.logprobs, answer.raw))
    return json.dumps([answer.text, list(answer.offsets), logprobs, raw])


def _read_answer(text: str) -> Answer:
    said, offsets, logprobs, raw = json.loads(text)
    return Answer(said, tuple(offsets), tuple(map(_number, logprobs)), tuple(map(_number, raw)))


def _scores_text(scores: list[float]) -> str:
    return json.dumps(list(map(_finite, scores)))


def _read_scores(text: str) -> list[float]:
    return list(map(_number, json.loads(text)))


def _decisions_text(decisions: list[ForcedDecision]) -> str:
    return json.dumps([[d.decision, d.log_odds, d.departs, d.option] for d in decisions])


def _read_decisions(text: str) -> list[ForcedDecision]:
    return [ForcedDecision(*decision) for decision in json.loads(text)]


def _finite(value: float) -> float | None:
    """JSON has no infinity."""
    return None if value == -math.inf else value


def _number(value: float | None) -> float:
    return -math.inf if value is None else value


def stored_backend_v1(backend: Identified, path: str, mode: str = "use") -> Backend:
    """backend (Identified): The backend whose answers are stored.
    path (str): The file, which is created if it does not exist, except in mode "replay".
    mode (str): "use" reuses stored answers and requests the others; "record" requests all answers and
        overwrites; "replay" requests none.
    RETURNS (Backend): The backend, with its answers stored in a file.
    """
    return StoredBackend(backend, ResponseStore(path, mode))
