import pytest

from spacy_el4ner.backends import http
from spacy_el4ner.backends.openai import OpenAIBackend
from tests.backends.scripted import Scripted, turns


@pytest.fixture
def serve(monkeypatch):
    """Starts servers that send one reply after another, or what a function makes of each request."""
    monkeypatch.setattr(http, "PAUSE", 0.01)
    servers = []

    def start(*replies, port=0):
        reply = replies[0] if callable(replies[0]) else turns(*replies)
        servers.append(Scripted(reply, port))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def connect():
    """Makes backends that ask such a server."""
    backends = []

    def make(server, **settings):
        backends.append(OpenAIBackend("tiny", server.url, **settings))
        return backends[-1]

    yield make
    for backend in backends:
        backend.unload()
