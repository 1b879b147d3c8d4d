"""A GGUF file in this process, run by llama.cpp."""

import gc
import os
import pickle
import re
import shutil
import socket
import urllib.error
import urllib.request

import psutil
import pytest

pytest.importorskip("xllamacpp", reason="needs llama.cpp (extra 'llamacpp')")
pytest.importorskip("gguf", reason="needs gguf, which writes its files (extra 'dev')")

from spacy_el4ner.backends.base import Backend
from spacy_el4ner.backends.grammars import accepts
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.backends.llamacpp import LlamaCppBackend
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.types import DecodeRequest, Prompt, ScoreRequest, Window
from tests.servers.gguf_files import save_gguf
from tests.tiny import save_family
from tests.tiny_tokenizers import TEXTS

PROMPT = Prompt("You find names.", "Bill paid the bill in Paris.", " Is Bill a PERSON?")
OPTIONS = ("true", "false", "neither true nor false", "PERSON", "ORG")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A model of transformers, and the same as a GGUF file in its folder."""
    folder = save_family(tmp_path_factory.mktemp("untaught"), "llama")
    save_gguf(folder)
    return folder


@pytest.fixture
def load(folder, tmp_path, monkeypatch):
    """A backend of the GGUF file, by its settings."""
    monkeypatch.setenv("SPACY_EL4NER_MODELS", str(tmp_path))
    made = []

    def load(**settings):
        settings = {"context": 512, "slots": 2, "threads": 1, **settings}
        made.append(LlamaCppBackend(str(folder / "model.gguf"), **settings))
        return made[-1]

    yield load
    for backend in made:
        backend.unload()


def window(text):
    return Window(text, 0, tuple(m.span() for m in re.finditer(r"\w+|[^\w\s]", text)))


def listening():
    found = psutil.Process().net_connections()
    return [c.laddr for c in found if c.status == psutil.CONN_LISTEN and c.family != socket.AF_UNIX]


def test_it_is_a_backend(load):
    assert isinstance(load(), Backend)


@pytest.mark.parametrize(("cache_dtype", "apart"), [("float32", 1e-4), ("float16", 2e-2)])
def test_options_are_as_likely_as_in_transformers(load, folder, cache_dtype, apart):
    requests = [
        ScoreRequest(PROMPT, OPTIONS),
        ScoreRequest(Prompt("", "Ann", "?"), ("a", "ab", "abc")),
    ]
    there = HFBackend(str(folder)).score(requests)
    here = load(cache_dtype=cache_dtype).score(requests)
    for one, other in zip(there, here, strict=True):
        assert other == pytest.approx(one, abs=apart)


def test_a_single_option_is_certain(load):
    assert load().score([ScoreRequest(PROMPT, ("true",))]) == [[0.0]]


@pytest.mark.parametrize("format", [InlineTags(), SpanList()], ids=["inline_tags", "span_list"])
def test_an_untaught_model_is_held_to_the_format(load, format):
    requests = [
        DecodeRequest(Prompt("", text, " Mark:"), format.grammar(window(text))) for text in TEXTS
    ]
    for request, answer in zip(requests, load().decode(requests), strict=True):
        assert answer.error or accepts(request.grammar, answer.text)
        assert len(answer.offsets) == len(answer.logprobs) > 0
        assert max(answer.logprobs) <= 0


def test_an_answer_that_no_grammar_holds_ends_where_the_prompt_says(load):
    format = InlineTags([f"LABEL_{n}" for n in range(100)])
    grammar = format.grammar(window(" ".join("abcdefghij" * 9)))
    request = DecodeRequest(Prompt("", "", "copy:", stop="e"), grammar)
    backend = load(context=4096)
    with pytest.warns(UserWarning, match="WL009"):
        (answer,) = backend.decode([request])
    assert not answer.error
    assert "e" not in answer.text


def test_answers_do_not_depend_on_the_number_of_slots(load):
    requests = [DecodeRequest(Prompt("", t, ""), InlineTags().grammar(window(t))) for t in TEXTS]
    one, four = (load(slots=n).decode(requests) for n in (1, 4))
    assert [a.text for a in one] == [a.text for a in four]


def test_prompts_are_counted_as_in_transformers(load, folder):
    one, other = load(), HFBackend(str(folder))
    assert one.count_prompt(PROMPT) == other.count_prompt(PROMPT)
    assert [one.count(text) for text in TEXTS] == [other.count(text) for text in TEXTS]


def test_nothing_is_loaded_before_it_is_asked_for(load):
    before = listening()
    backend = load()
    backend.count_prompt(PROMPT)
    assert backend.decode([]) == backend.score([]) == []
    assert listening() == before


def test_it_listens_on_loopback_alone_and_answers_nobody(load):
    before = listening()
    load().score([ScoreRequest(PROMPT, OPTIONS)])
    (place,) = [place for place in listening() if place not in before]
    assert place.ip == "127.0.0.1"
    with pytest.raises(urllib.error.HTTPError, match="401"):
        urllib.request.urlopen(f"http://127.0.0.1:{place.port}/v1/completions", b"{}", timeout=10)


def test_unload_ends_threads_and_closes_the_port(load):
    backend, request = load(), ScoreRequest(PROMPT, OPTIONS)
    before = listening()
    first = backend.score([request])
    backend.unload()
    gc.collect()
    threads = len(os.listdir("/proc/self/task"))
    assert listening() == before
    assert backend.score([request]) == [pytest.approx(first[0], abs=1e-4)]
    assert len(os.listdir("/proc/self/task")) > threads
    backend.unload()
    gc.collect()
    assert len(os.listdir("/proc/self/task")) == threads
    assert listening() == before


def test_backends_of_one_file_share_it_in_memory(load):
    one, other = load(), load()
    before = len(listening())
    for backend in (one, other):
        backend.score([ScoreRequest(PROMPT, OPTIONS)])
    assert len(listening()) == before + 1


def test_a_copy_loads_its_own(load):
    backend = load()
    scores = backend.score([ScoreRequest(PROMPT, OPTIONS)])
    backend.unload()
    copy = pickle.loads(pickle.dumps(backend))
    assert copy.score([ScoreRequest(PROMPT, OPTIONS)]) == [pytest.approx(scores[0], abs=1e-4)]
    copy.unload()


def test_a_prompt_without_room_is_refused(load):
    long = Prompt("", "word " * 600, "")
    with pytest.raises(EL4NERValueError, match=r"EL283.*Raise 'context'"):
        load().score([ScoreRequest(long, OPTIONS)])


def test_a_damaged_file_is_named(folder, tmp_path, monkeypatch):
    monkeypatch.setenv("SPACY_EL4NER_MODELS", str(tmp_path))
    path = shutil.copy(folder / "model.gguf", tmp_path / "half.gguf")
    path.write_bytes(path.read_bytes()[:-5000])
    with pytest.raises(EL4NERValueError, match=r"EL279.*half\.gguf"):
        LlamaCppBackend(str(path)).score([ScoreRequest(PROMPT, OPTIONS)])


def test_a_folder_is_refused(folder, tmp_path):
    (tmp_path / "config.json").touch()
    with pytest.raises(EL4NERValueError, match=r"EL282.*not a GGUF file"):
        LlamaCppBackend(str(tmp_path)).count("x")


@pytest.mark.parametrize("setting", ["context", "slots", "threads", "cache_dtype"])
def test_settings_are_checked(setting):
    with pytest.raises(EL4NERValueError, match=f"EL010.*'{setting}'"):
        LlamaCppBackend("x.gguf", **{setting: 0})
