"""Proxies that the environment names."""

import pytest

from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.backends.openai import OpenAIBackend
from tests.backends.scripted import COPY, Reply, asks, chat

PROXIES = ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY")
OK = chat(COPY)


@pytest.fixture
def proxies(monkeypatch):
    """Sets variables of the environment, where none is set."""
    for name in PROXIES:
        monkeypatch.delenv(name, raising=False)
    return monkeypatch.setenv


@pytest.mark.parametrize("name", ["HTTP_PROXY", "ALL_PROXY"])
def test_this_machine_is_asked_without_a_proxy(serve, connect, proxies, name):
    proxies(name.lower(), "http://127.0.0.1:9")
    assert connect(serve(OK)).decode([asks()])[0].text == COPY


def test_a_proxy_that_fails_is_named(serve, proxies):
    proxies("http_proxy", serve(Reply(reset=True)).url.removesuffix("/v1"))
    backend = OpenAIBackend("tiny", "http://198.51.100.7/v1", retries=0)
    with pytest.raises(BackendUnavailable, match="through the proxy that HTTP_PROXY names"):
        backend.decode([asks()])
    backend.unload()


def test_a_proxy_that_cannot_be_used_is_named(proxies):
    proxies("http_proxy", "gopher://127.0.0.1:9")
    backend = OpenAIBackend("tiny", "http://198.51.100.7/v1", retries=0)
    with pytest.raises(ValueError, match=r"EL233.*HTTP_PROXY"):
        backend.decode([asks()])
