"""A server on loopback that does what a test tells it to."""

import json
import socket
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from spacy_el4ner.formats import InlineTags
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest
from tests.strategies import sentence

OPTIONS = ("PERSON", "ORG", "none")
TEXT = "Ann left Rome"
COPY = "<e>Ann</e> left <e>Rome</e>"


@dataclass
class Reply:
    """What is sent: a status, a body (plain data is sent as JSON), headers.

    delay (float): Seconds before anything is sent.
    drip (float): Seconds between the bytes of the body.
    missing (int): Bytes of the announced body that never come.
    reset (bool): Nothing is sent, and the connection is torn down.
    """

    status: int = 200
    body: Any = b""
    headers: dict[str, str] = field(default_factory=dict)
    delay: float = 0.0
    drip: float = 0.0
    missing: int = 0
    reset: bool = False


def chat(text: Any, logprobs: Any = None, finish: str = "stop", **more: Any) -> Reply:
    """A chat completion that says `text`."""
    message = {"role": "assistant", "content": text}
    choice = {"index": 0, "message": message, "logprobs": logprobs, "finish_reason": finish}
    return Reply(body={"choices": [choice], **more})


def turns(*replies: Reply) -> Callable[[dict[str, Any]], Reply]:
    """One reply after another; the last one again and again."""
    left, lock = list(replies), threading.Lock()

    def reply(body: dict[str, Any]) -> Reply:
        with lock:
            return left.pop(0) if len(left) > 1 else left[0]

    return reply


def asks(text: str = TEXT) -> DecodeRequest:
    """A question that COPY answers, if it is about TEXT."""
    prompt = Prompt("You tag.", f"Sentence: {text}", " Tag it.")
    return DecodeRequest(prompt, InlineTags().grammar(sentence(text)))


def scores(text: str = TEXT) -> ScoreRequest:
    """A question that one of OPTIONS answers."""
    return ScoreRequest(Prompt("You type.", text, " Which type?"), OPTIONS)


class Scripted:
    """The server. `reply` makes a reply of a request's body; `seen`, `keys` and `times` say what came,
    unless `keeps` is false, `most` how many requests were open at a time.
    """

    def __init__(self, reply: Callable[[dict[str, Any]], Reply], port: int = 0, keeps: bool = True):
        self.keeps = keeps
        self.reply = reply
        self.seen: list[dict[str, Any]] = []
        self.keys: list[str | None] = []
        self.times: list[float] = []
        self.most = self._open = 0
        self._lock = threading.Lock()
        self._server = _Server(("127.0.0.1", port), _handler(self))
        self.port = self._server.server_address[1]
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    def stop(self) -> None:
        """Refuse connections, and cut those that are open."""
        self._server.shutdown()
        self._server.server_close()
        self._server.cut()
        self._thread.join()

    def answer(self, body: dict[str, Any], key: str | None) -> Reply:
        with self._lock:
            if self.keeps:
                self.seen.append(body)
                self.keys.append(key)
                self.times.append(time.monotonic())
            self._open += 1
            self.most = max(self.most, self._open)
        try:
            reply = self.reply(body)
            time.sleep(reply.delay)
            return reply
        finally:
            with self._lock:
                self._open -= 1


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False

    def __init__(self, *args: Any):
        self.sockets: set[socket.socket] = set()
        super().__init__(*args)

    def process_request(self, request: Any, client_address: Any) -> None:
        self.sockets.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self.sockets.discard(request)
        super().shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Clients that hang up are part of the tests."""

    def cut(self) -> None:
        for open_socket in list(self.sockets):
            _reset(open_socket)


def _handler(server: Scripted) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            sent = self.rfile.read(int(self.headers["Content-Length"]))
            reply = server.answer(json.loads(sent), self.headers.get("Authorization"))
            if reply.reset:
                self.close_connection = True
                _reset(self.connection)
                return
            body = reply.body if isinstance(reply.body, bytes) else json.dumps(reply.body).encode()
            self.send_response(reply.status)
            for name, value in reply.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body) + reply.missing))
            self.end_headers()
            self.close_connection = bool(reply.missing)
            for n in range(len(body) if reply.drip else 0):
                self.wfile.write(body[n : n + 1])
                time.sleep(reply.drip)
            if not reply.drip:
                self.wfile.write(body)

        def log_message(self, *args: Any) -> None:
            pass

    return Handler


def _reset(open_socket: socket.socket) -> None:
    """Close with a reset instead of a farewell."""
    try:
        open_socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        open_socket.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass  # gone already
    open_socket.close()
