"""HTTP connections with time limits for whole requests."""

import asyncio
import ipaddress
import os
import urllib.request
import zlib
from collections.abc import Mapping
from concurrent.futures import CancelledError
from dataclasses import dataclass
from threading import Thread
from typing import Any
from urllib.parse import urlsplit

from spacy_el4ner.errors import EL4NERImportError, EL4NERValueError, Errors

PLAIN, PACKED = frozenset({"", "identity"}), frozenset({"gzip", "x-gzip"})
"""Content encodings of replies."""
MOST_BYTES = 32 * 2**20
"""Maximum size of a reply, unpacked."""
CLOSING = 5.0
"""Seconds that closing may take."""


class ConnectionFailed(Exception):
    """A request without a complete reply; the message states the reason."""


@dataclass(frozen=True)
class HTTPReply:
    """A complete reply.

    status (int): Its HTTP status.
    headers (Mapping[str, str]): Its headers, whose names are case-insensitive.
    body (bytes): Its body, unpacked.
    """

    status: int
    headers: Mapping[str, str]
    body: bytes


class Connection:
    """The connections of one process to one address. They run on an event loop in a separate thread,
    which ends a request at its time limit, however slowly its bytes arrive.

    url (str): The address.
    concurrency (int): Maximum number of connections at a time.
    """

    def __init__(self, url: str, concurrency: int):
        httpx = library()
        self.owner = os.getpid()
        self._proxy = proxy_variable(url)
        limits = httpx.Limits(max_connections=concurrency)
        try:
            # Without a proxy for this address, the settings of the environment are not needed.
            self._client = httpx.AsyncClient(
                limits=limits,
                headers={"Accept-Encoding": "gzip"},
                trust_env=self._proxy is not None,
            )
        except (ValueError, ImportError) as error:
            raise EL4NERValueError(
                Errors.EL233.format(variable=self._proxy, problem=f"{type(error).__name__}: {error}")
            ) from None
        self._loop = asyncio.new_event_loop()
        self._thread = Thread(target=self._loop.run_forever, name="el4ner-http", daemon=True)
        self._thread.start()

    def post(self, url: str, body: bytes, headers: dict[str, str], seconds: float) -> HTTPReply:
        """url (str): The address to post to.
        body (bytes): The body of the request.
        headers (dict[str, str]): The headers of the request.
        seconds (float): Time limit of the request, from connecting to the last byte.
        RETURNS (HTTPReply): The reply.
        RAISES (ConnectionFailed): No complete reply arrived in time.
        RAISES (ValueError): The address cannot be used.
        """
        httpx = library()
        request = self._post(url, body, headers, seconds)
        try:
            return asyncio.run_coroutine_threadsafe(request, self._loop).result()
        except (TimeoutError, httpx.TimeoutException):
            problem = f"Timeout: the answer takes too long, more than {seconds:.3g} s"
        except CancelledError:
            problem = "the connection was closed"
        except httpx.InvalidURL as error:
            known = f"http://…, https://… ({error})"
            raise EL4NERValueError(
                Errors.EL010.format(value="…", setting="base_url", known=known)
            ) from None
        except (httpx.RequestError, RuntimeError) as error:
            problem = f"{type(error).__name__}: {error}"
        # Outside of the handlers, so that nothing leads back to frames that hold the headers.
        through = f" (through the proxy that {self._proxy} names)" if self._proxy else ""
        raise ConnectionFailed(problem + through)

    def close(self) -> None:
        """Cancel open requests, and close the connections. A forked process does not close those of its
        parent.
        """
        if self.owner != os.getpid() or self._loop.is_closed():
            return
        try:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result(CLOSING)
        except TimeoutError:
            return  # the thread does not outlive the process
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(CLOSING)
        if not self._thread.is_alive():
            self._loop.close()

    async def _post(self, url: str, body: bytes, headers: dict[str, str], seconds: float) -> HTTPReply:
        """The reply to a request."""
        async with (
            asyncio.timeout(seconds),
            self._client.stream(
                "POST", url, content=body, headers=headers, timeout=seconds
            ) as response,
        ):
            parts, size = [], 0
            async for part in response.aiter_raw():
                parts.append(part)
                size += len(part)
                _check_size(size)
            try:
                body = _unpacked(b"".join(parts), response.headers.get("Content-Encoding", ""))
            except library().RequestError:
                if response.is_success:
                    raise
                body = b""  # the status tells what failed, whatever the body
            return HTTPReply(response.status_code, response.headers, body)

    async def _end(self) -> None:
        """Cancel all requests, and close the client."""
        others: list[asyncio.Task[Any]] = [
            task for task in asyncio.all_tasks() if task is not asyncio.current_task()
        ]
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)
        await self._client.aclose()


def proxy_variable(url: str) -> str | None:
    """url (str): An address.
    RETURNS (str | None): The environment variable that names a proxy for it; None if there is no proxy,
        and for addresses of this machine, which never use one.
    """
    parts = urlsplit(url)
    host = parts.hostname or ""
    if _is_loopback(host) or urllib.request.proxy_bypass(host):
        return None
    proxies = urllib.request.getproxies()
    kind = next((kind for kind in (parts.scheme, "all") if kind in proxies), None)
    return None if kind is None else f"{kind.upper()}_PROXY"


def _unpacked(body: bytes, encoding: str) -> bytes:
    """The body of a reply, unpacked. httpx would unpack a body that is packed several times, or by a
    method with a higher ratio, without a limit.
    """
    failed = library().RequestError
    kind = encoding.strip().lower()
    if kind in PLAIN or not body:
        return body
    if kind not in PACKED:
        raise failed(f"a body packed as {encoding!r} instead of gzip")
    unpacker = zlib.decompressobj(zlib.MAX_WBITS | 16)  # with the header of gzip
    try:
        unpacked = unpacker.decompress(body, MOST_BYTES + 1)
    except zlib.error as error:
        raise failed(f"a body that is not gzip: {error}") from None
    _check_size(len(unpacked))
    if not unpacker.eof or unpacker.unused_data:
        raise failed("a body that is not one complete gzip stream")
    return unpacked


def _check_size(size: int) -> None:
    """Refuse a body that is too large."""
    if size > MOST_BYTES:
        raise library().RequestError(f"more than {MOST_BYTES // 2**20} MiB")


def _is_loopback(host: str) -> bool:
    """Whether a host is this machine."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")


def library() -> Any:
    """RETURNS (module): httpx.
    RAISES (ImportError): EL017, it is not installed.
    """
    try:
        import httpx
    except ImportError as error:
        raise EL4NERImportError(Errors.EL017) from error
    return httpx
