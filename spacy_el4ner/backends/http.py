"""Requests to a server: several at a time, tried again while that makes sense, within a deadline."""

import json
import os
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from email.utils import parsedate_to_datetime
from threading import Event, Lock
from typing import Any, Protocol, TypeVar

from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.errors import Errors

T = TypeVar("T")
R = TypeVar("R")
A = TypeVar("A")

RETRIED = frozenset({408, 409, 429})
"""Statuses below 500 that may be others the next time."""
PAUSE = 0.5
"""Seconds, at most, before the first retry; twice as many before each further one."""
LONGEST_PAUSE = 30.0


class Unusable(Exception):
    """A failed attempt that is worth another one.

    problem (str): What was wrong.
    after (float): Seconds that the server asks to wait.
    """

    def __init__(self, problem: str, after: float = 0.0):
        super().__init__(problem)
        self.problem = problem
        self.after = after


class Post(Protocol):
    """Sends one request."""

    def __call__(self, body: dict[str, Any], read: Callable[[dict[str, Any]], A]) -> A:
        """body (dict[str, Any]): What to send, as JSON.
        read (Callable): Makes something of the answer, or raises `Unusable`.
        RETURNS: What was made of it.
        """
        ...


class Server:
    """An address that requests for one model are posted to.

    url (str): Where to.
    model (str): The model, for messages.
    key_env (str | None): Name of the environment variable that holds the key. The key is read when a
        request is sent, and kept nowhere.
    concurrency (int): The most requests at a time.
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
        self._restart()

    @property
    def shown(self) -> str:
        """RETURNS (str): The address as messages show it, without a password."""
        return re.sub(r"//[^/]*@", "//", self.url)

    def run(self, ask: Callable[[T, Post], R], items: Sequence[T]) -> list[R]:
        """ask (Callable): Deals with one item; it may post several requests, one after another.
        items (Sequence): What to deal with, several at a time.
        RETURNS (list): What came of each, in order.
        RAISES (BackendUnavailable): The server failed one of the requests for good; those not sent yet
            are given up.
        """
        if not items:
            return []
        stop = Event()

        def post(body: dict[str, Any], read: Callable[[dict[str, Any]], A]) -> A:
            return self._post(body, read, stop)

        with ThreadPoolExecutor(min(self.concurrency, len(items))) as threads:
            futures = [threads.submit(ask, item, post) for item in items]
            try:
                for future in as_completed(futures):
                    future.result()
            except BaseException:
                stop.set()
                for future in futures:
                    future.cancel()
                raise
        return [future.result() for future in futures]

    def close(self) -> None:
        """Close the connections; the next request opens new ones."""
        owner, client = self._connection
        self._restart()
        if client is not None and owner == os.getpid():
            client.close()

    def __getstate__(self) -> dict[str, Any]:
        """Connections and locks stay behind."""
        return {k: v for k, v in self.__dict__.items() if k not in ("_connection", "_lock")}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._restart()

    def _restart(self) -> None:
        self._connection: tuple[int, Any] = (0, None)
        self._lock = Lock()

    def _client(self) -> Any:
        """The connections of this process; those of the process it was forked from are not its own."""
        httpx, _ = _libraries()
        with self._lock:
            if self._connection[0] != os.getpid():
                limits = httpx.Limits(max_connections=self.concurrency)
                self._connection = (os.getpid(), httpx.Client(limits=limits))
            self.sent += 1
            return self._connection[1]

    def _post(self, body: dict[str, Any], read: Callable[[dict[str, Any]], A], stop: Event) -> A:
        _, again = _libraries()
        started = time.monotonic()
        jitter = again.wait_random_exponential(multiplier=PAUSE, max=LONGEST_PAUSE)
        attempts = again.Retrying(
            retry=again.retry_if_exception_type(Unusable),
            wait=lambda state: jitter(state) + state.outcome.exception().after,
            stop=again.stop_after_attempt(self.retries + 1)
            | again.stop_before_delay(self.deadline)
            | again.stop_when_event_set(stop),
            sleep=again.sleep_using_event(stop),
            reraise=True,
        )
        try:
            return attempts(self._attempt, body, read, started + self.deadline, stop)  # type: ignore[no-any-return]
        except Unusable as error:
            message = Errors.EL020.format(
                url=self.shown,
                name=self.model,
                attempts=attempts.statistics["attempt_number"],
                seconds=round(time.monotonic() - started, 1),
                problem=error.problem,
            )
            raise BackendUnavailable(message) from error

    def _attempt(
        self,
        body: dict[str, Any],
        read: Callable[[dict[str, Any]], A],
        deadline: float,
        stop: Event,
    ) -> A:
        httpx, _ = _libraries()
        if stop.is_set():
            raise Unusable("given up because another request failed")
        key = self._key()
        headers = {"Content-Type": "application/json"}
        if key:
            headers["Authorization"] = f"Bearer {key}"
        until = min(deadline, time.monotonic() + self.timeout)
        try:
            with self._client().stream(
                "POST",
                self.url,
                content=json.dumps(body),
                headers=headers,
                timeout=max(until - time.monotonic(), 0.001),
            ) as response:
                data = _within(until, response)
        except httpx.RequestError as error:
            said = _excerpt(str(error), key)
            raise Unusable(f"{type(error).__name__}: {said}") from None
        text = data.decode("utf8", errors="replace")
        if response.status_code == 200:
            return read(_parsed(text, key))
        said = _excerpt(text, key)
        problem = f"status {response.status_code}" + (f", {said}" if said else "")
        if response.status_code in RETRIED or response.status_code >= 500:
            raise Unusable(problem, _wanted_pause(response.headers.get("Retry-After", "")))
        raise ValueError(Errors.EL019.format(url=self.shown, name=self.model, problem=problem))

    def _key(self) -> str:
        """The key of this moment, "" where none is wanted."""
        if self.key_env is None:
            return ""
        key = os.environ.get(self.key_env, "").strip()
        if not key or not key.isascii() or not key.isprintable():
            raise ValueError(Errors.EL018.format(variable=self.key_env, url=self.shown))
        return key


def _libraries() -> tuple[Any, Any]:
    """httpx and tenacity."""
    try:
        import httpx
        import tenacity
    except ImportError as error:
        raise ImportError(Errors.EL017) from error
    return httpx, tenacity


def _within(until: float, response: Any) -> bytes:
    """The body, if it is there in time. The client's own limit is for each part of it."""
    httpx, _ = _libraries()
    parts = []
    for part in response.iter_bytes():
        parts.append(part)
        if time.monotonic() > until:
            raise httpx.ReadTimeout("the answer takes too long")
    return b"".join(parts)


def _parsed(text: str, key: str) -> dict[str, Any]:
    try:
        parsed = json.loads(text)
    except (ValueError, RecursionError):
        parsed = None
    if not isinstance(parsed, dict):
        raise Unusable(f"no JSON object but {_excerpt(text, key) or 'nothing'}")
    return parsed


def _excerpt(text: str, key: str) -> str:
    """The beginning of what a server said, on one line, without the key: servers repeat a wrong one to
    say that it is wrong.
    """
    said = " ".join((text.replace(key, "[key]") if key else text).split())
    return said if len(said) <= 200 else f"{said[:200]}…"


def _wanted_pause(header: str) -> float:
    """Seconds that a Retry-After header asks for, as a number or as a date; 0 where it says nothing."""
    if re.fullmatch(r"\d+(\.\d+)?", header.strip()):
        return float(header)
    try:
        return max(parsedate_to_datetime(header).timestamp() - time.time(), 0.0)
    except ValueError:
        return 0.0
