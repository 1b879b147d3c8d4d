"""Requests to a server: several at a time, with retries, within a deadline."""

import json
import os
import re
import time
import weakref
from collections.abc import Callable, Sequence
from email.utils import parsedate_to_datetime
from queue import SimpleQueue
from random import SystemRandom
from threading import Event, Lock, Thread
from typing import Any, NoReturn, Protocol, TypeVar
from urllib.parse import quote

from spacy_el4ner.backends.base import BackendRefused, BackendUnavailable, RequestFailed
from spacy_el4ner.backends.connection import Connection, ConnectionFailed, HTTPReply
from spacy_el4ner.errors import EL4NERImportError, Errors

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")

RETRIED = frozenset({408, 409, 429})
"""Statuses below 500 for which a retry may help."""
REJECTED = frozenset({400, 413, 414, 415, 422, 431, 451})
"""Statuses with which a server refuses a single request."""
PAUSE = 0.5
"""Maximum number of seconds before the first retry; it doubles with each further one."""
LONGEST_PAUSE = 30.0
JITTER = SystemRandom()
"""Draws the pauses, and leaves the state of `random`, which a program may have seeded, alone."""
IN_A_ROW = 3
"""Requests that fail in a row before the server counts as unavailable."""


class Unusable(Exception):
    """A failed attempt that is worth a retry.

    problem (str): Description of the failure.
    after (float): Seconds that the server asks to wait.
    answered (bool): Whether the server works, and only its answer to this request is unusable.
    """

    def __init__(self, problem: str, after: float = 0.0, answered: bool = False):
        super().__init__(problem)
        self.problem = problem
        self.after = after
        self.answered = answered


class Post(Protocol):
    """Sends one request."""

    def __call__(self, body: dict[str, Any], read: Callable[[dict[str, Any]], A]) -> A:
        """body (dict[str, Any]): The request, which is sent as JSON.
        read (Callable[[dict[str, Any]], A]): Reads the reply, or raises `Unusable`.
        RETURNS (A): The result of `read`.
        """
        ...


class Server:
    """A server that answers requests for one model.

    url (str): The address.
    model (str): The model, for messages.
    key_env (str | None): Name of the environment variable that holds the key. The key is read when a
        request is sent, and never stored.
    concurrency (int): Maximum number of requests at a time.
    timeout (float): Seconds that one attempt may take.
    deadline (float): Seconds that a request may take with all of its attempts.
    retries (int): Attempts after the first.
    """

    def __init__(
        self,
        url: str,
        model: str,
        *,
        key_env: str | None = None,
        concurrency: int = 8,
        timeout: float = 120.0,
        deadline: float = 600.0,
        retries: int = 5,
    ):
        self.url = url
        self.model = model
        self.key_env = key_env
        self.concurrency = concurrency
        self.timeout = timeout
        self.deadline = deadline
        self.retries = retries
        self.sent = 0
        self._works = False
        self._failed = 0
        self._runs: set[Callable[[], None]] = set()
        self._restart()

    def run(self, ask: Callable[[T, Post], R], items: Sequence[T]) -> list[R]:
        """ask (Callable[[T, Post], R]): Processes one item; it may post several requests, one after
            another.
        items (Sequence[T]): The items, several of which are processed at a time.
        RETURNS (list[R]): The results, in order.
        RAISES (RequestFailed): The server did not answer one of the requests, but answers others.
        RAISES (BackendUnavailable): The server answers no request, and those not yet sent are dropped;
            EL358, the connections were closed meanwhile.
        """
        stop = Event()

        def post(body: dict[str, Any], read: Callable[[dict[str, Any]], A]) -> A:
            return self._post(body, read, stop)

        waiting: SimpleQueue[tuple[int, T] | None] = SimpleQueue()
        results: SimpleQueue[tuple[int, R | None, BaseException | None]] = SimpleQueue()
        for item in enumerate(items):
            waiting.put(item)
        for _ in range(min(self.concurrency, len(items))):
            waiting.put(None)
            # Daemon threads: nothing waits for an abandoned request, not even the end of the process.
            Thread(target=_work, args=(ask, post, waiting, results, stop), daemon=True).start()

        def abandon() -> None:
            stop.set()
            message = Errors.EL358.format(url=self.url, name=self.model)
            results.put((0, None, BackendUnavailable(message)))

        self._runs.add(abandon)
        try:
            return _collected(results, len(items))
        except BaseException as error:
            stop.set()
            if not isinstance(error, Exception):
                self._disconnect()  # such as Ctrl-C
            raise
        finally:
            self._runs.discard(abandon)

    def close(self) -> None:
        """End the requests under way and close the connections; the next request opens new ones."""
        for abandon in list(self._runs):
            abandon()
        self._disconnect()

    def _disconnect(self) -> None:
        """Close the connections; requests under way are sent again over new ones, if they may be."""
        connection = self._connection
        self._restart()
        if connection is not None:
            connection.close()

    def __getstate__(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The state without connections and locks."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_connection", "_lock", "_runs")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """state (dict[str, Any]): The state that `__getstate__` returned."""
        self.__dict__.update(state)
        self._runs = set()
        self._restart()

    def _restart(self) -> None:
        """Drop the connections without closing them."""
        self._connection: Connection | None = None
        self._lock = Lock()

    def _connected(self) -> Connection:
        """The connections of this process; a forked process does not use those of its parent."""
        with self._lock:
            if self._connection is None or self._connection.owner != os.getpid():
                inherited = self._connection
                self._connection = Connection(self.url, self.concurrency)
                weakref.finalize(self, _close, self._connection, inherited)
            self.sent += 1
            return self._connection

    def _post(self, body: dict[str, Any], read: Callable[[dict[str, Any]], A], stop: Event) -> A:
        """The result of a request, after as many attempts as necessary."""
        again = _tenacity()
        started = time.monotonic()
        longest = again.wait_exponential(multiplier=PAUSE, max=LONGEST_PAUSE)
        attempts = again.Retrying(
            retry=again.retry_if_exception_type(Unusable),
            wait=lambda state: JITTER.uniform(0, longest(state)) + state.outcome.exception().after,
            stop=again.stop_after_attempt(self.retries + 1)
            | again.stop_before_delay(self.deadline)
            | again.stop_when_event_set(stop),
            sleep=again.sleep_using_event(stop),
            reraise=True,
        )
        try:
            result: A = attempts(self._attempt, body, read, started + self.deadline, stop)
        except Unusable as error:
            message = Errors.EL020.format(
                url=self.url,
                name=self.model,
                attempts=attempts.statistics["attempt_number"],
                seconds=round(time.monotonic() - started, 1),
                problem=error.problem,
            )
            self._give_up(message, error.answered)
        self._note(works=True)
        return result

    def _attempt(
        self,
        body: dict[str, Any],
        read: Callable[[dict[str, Any]], A],
        deadline: float,
        stop: Event,
    ) -> A:
        """The result of one attempt at a request."""
        if stop.is_set():
            raise Unusable("abandoned because another request failed")
        until = min(deadline, time.monotonic() + self.timeout)
        content = json.dumps(body).encode("ascii")
        # No variable here holds the key: tools that record errors keep the variables of every frame.
        try:
            reply = self._connected().post(
                self.url, content, self._headers(), max(until - time.monotonic(), 0.001)
            )
        except ConnectionFailed as error:
            problem = self._excerpt(str(error))
        else:
            return self._read(reply, read)
        raise Unusable(problem)

    def _read(self, reply: HTTPReply, read: Callable[[dict[str, Any]], A]) -> A:
        """The result of reading a reply.

        RAISES (Unusable): The reply is unusable, and a retry may help.
        RAISES (RequestFailed): The server refuses this request.
        RAISES (BackendRefused): The server refuses every request.
        """
        text = reply.body.decode("utf8", errors="replace")
        excerpt = self._excerpt(text)
        if reply.status == 200:
            parsed = _parsed(text)
            if parsed is None:
                raise Unusable(f"no JSON object but {excerpt or 'nothing'}")
            if "choices" not in parsed and parsed.get("error"):
                raise Unusable(f"an error, {excerpt}")
            try:
                return read(parsed)
            except Unusable as error:
                raise Unusable(self._excerpt(error.problem), answered=True) from None
        problem = f"status {reply.status}" + (f", {excerpt}" if excerpt else "")
        if reply.status in RETRIED or reply.status >= 500:
            raise Unusable(problem, _wanted_pause(reply.headers.get("Retry-After", "")))
        message = Errors.EL019.format(url=self.url, name=self.model, problem=problem)
        if reply.status in REJECTED:
            self._give_up(message, answered=True)
        raise BackendRefused(message)

    def _give_up(self, message: str, answered: bool) -> NoReturn:
        """Raise the error of a request whose attempts all failed."""
        if answered or self._note(works=False):
            raise RequestFailed(message)
        raise BackendUnavailable(message)

    def _note(self, works: bool) -> bool:
        """Record whether a request was answered.

        RETURNS (bool): Whether the server works: it has answered at least once, and recently.
        """
        with self._lock:
            self._works = self._works or works
            self._failed = 0 if works else self._failed + 1
            return self._works and self._failed < IN_A_ROW

    def _headers(self) -> dict[str, str]:
        """The headers of a request, with the current key."""
        key = self._key()
        authorization = {"Authorization": f"Bearer {key}"} if key else {}
        return {"Content-Type": "application/json", **authorization}

    def _key(self) -> str:
        """The current key; "" if none is needed."""
        if self.key_env is None:
            return ""
        key = os.environ.get(self.key_env, "").strip()
        if key and key.isascii() and key.isprintable():
            return key
        del key
        raise BackendRefused(Errors.EL018.format(variable=self.key_env, url=self.url))

    def _excerpt(self, text: str) -> str:
        """The beginning of a server's reply, on one line and without the key, which some servers repeat
        in their error messages.
        """
        hidden = " ".join(_without(text, os.environ.get(self.key_env or "", "").strip()).split())
        return hidden if len(hidden) <= 200 else f"{hidden[:200]}…"


def _work(
    ask: Callable[[T, Post], R],
    post: Post,
    waiting: "SimpleQueue[tuple[int, T] | None]",
    results: "SimpleQueue[tuple[int, R | None, BaseException | None]]",
    stop: Event,
) -> None:
    """Process one item after another, until one of them fails with an error that ends the run."""
    while (item := waiting.get()) is not None and not stop.is_set():
        number, content = item
        try:
            results.put((number, ask(content, post), None))
        except BaseException as error:
            results.put((number, None, error))  # raised where the results are awaited
            if not isinstance(error, RequestFailed):
                stop.set()  # at once: until it is raised there, the server would be sent more


def _collected(
    results: "SimpleQueue[tuple[int, R | None, BaseException | None]]", items: int
) -> list[R]:
    """The results of all items, in order. A request that failed is raised when the others are done."""
    done: dict[int, R] = {}
    failure: RequestFailed | None = None
    for _ in range(items):
        number, result, error = results.get()
        if isinstance(error, RequestFailed):
            failure = failure or error
        elif error is not None:
            raise error
        done[number] = result  # type: ignore[assignment]
    if failure is not None:
        raise failure
    return [done[number] for number in range(items)]


def _close(connection: Connection, inherited: Connection | None) -> None:
    """Close the connections of a server that is garbage-collected. Inherited connections are referenced
    until then, because a forked process cannot free them.
    """
    connection.close()
    del inherited


def _tenacity() -> Any:
    """The library for retries."""
    try:
        import tenacity
    except ImportError as error:
        raise EL4NERImportError(Errors.EL017) from error
    return tenacity


def _parsed(text: str) -> dict[str, Any] | None:
    """The JSON object of a reply; None if the reply is anything else."""
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None


def _without(text: str, key: str) -> str:
    """A text with "[key]" for the key, however it is escaped."""
    if not key:
        return text
    quoted = json.dumps(key)[1:-1]
    for form in sorted({key, quoted, quoted.replace("/", "\\/"), quote(key, safe="")}, key=len)[::-1]:
        text = text.replace(form, "[key]")
    return text


def _wanted_pause(header: str) -> float:
    """Seconds until the time of a Retry-After header, a number or a date; 0 if it has neither."""
    if re.fullmatch(r"\d+(\.\d+)?", header.strip()):
        return float(header)
    try:
        return max(parsedate_to_datetime(header).timestamp() - time.time(), 0.0)
    except (ValueError, OverflowError, TypeError, IndexError, OSError):
        return 0.0
