"""GGUF files in the backend of transformers."""

import importlib.util
import shutil

import pytest

pytest.importorskip("gguf", reason="needs gguf, which writes its files (extra 'dev')")

from spacy_el4ner.backends import sources
from spacy_el4ner.backends.gguf.convert import converted
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.errors import EL4NERImportError, EL4NERValueError
from spacy_el4ner.types import Prompt, ScoreRequest
from tests.servers.gguf_files import save_gguf
from tests.tiny import save_family
from tests.tiny_tokenizers import TEXTS

PROMPT = Prompt("You find names.", "Bill paid the bill in Paris.", " Is Bill a PERSON?")


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    """A folder with a model of transformers, and the same as a GGUF file in it."""
    folder = save_family(tmp_path_factory.mktemp("original"), "llama")
    save_gguf(folder)
    return folder


@pytest.fixture
def file(original, tmp_path, monkeypatch):
    """The GGUF file alone, with an empty cache."""
    monkeypatch.setenv("SPACY_EL4NER_MODELS", str(tmp_path / "models"))
    return shutil.copy(original / "model.gguf", tmp_path / "tiny.gguf")


def conversions(tmp_path):
    return sorted(path.name for path in (tmp_path / "models" / "converted").glob("*"))


def test_a_gguf_file_answers_as_the_model_that_it_was_made_from(file, original):
    one, other = HFBackend(str(file)), HFBackend(str(original))
    request = ScoreRequest(PROMPT, ("true", "false", "neither"))
    assert one.score([request])[0] == pytest.approx(other.score([request])[0], abs=1e-5)


def test_its_tokens_are_those_of_the_original(file, original):
    one, other = HFBackend(str(file)).tokens, HFBackend(str(original)).tokens
    assert one.end == other.end
    for text in TEXTS:
        assert one.piece(text) == other.piece(text)
        prompt = Prompt("System.", text, " Question?")
        assert one.prompt(prompt) == other.prompt(prompt)


def test_it_is_converted_once(file, tmp_path):
    folder = converted(file)
    made = (folder / "model.safetensors").stat().st_mtime_ns
    assert converted(file) == folder
    assert (folder / "model.safetensors").stat().st_mtime_ns == made
    assert conversions(tmp_path) == [folder.name]


def test_another_file_of_that_name_is_converted_again(file, tmp_path):
    folder = converted(file)
    other = save_family(tmp_path / "other", "llama", seed=1)
    shutil.copy(save_gguf(other), file)
    assert converted(file) != folder


def test_sixteen_bits_take_half_of_the_room(file):
    whole, half = (converted(file, dtype) / "model.safetensors" for dtype in ("float32", "bfloat16"))
    assert half.stat().st_size < 0.6 * whole.stat().st_size


def test_the_model_is_the_same_wherever_its_file_is(file, tmp_path):
    moved = shutil.copy(file, tmp_path / "moved.gguf")
    assert HFBackend(str(file)).identity == HFBackend(str(moved)).identity


@pytest.mark.parametrize("size", [100, -1000])
def test_a_file_that_was_cut_off_is_refused_and_leaves_nothing(file, tmp_path, size):
    file.write_bytes(file.read_bytes()[:size])
    with pytest.raises(EL4NERValueError, match=r"EL279.*tiny\.gguf"):
        converted(file)
    assert conversions(tmp_path) == []


def test_a_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(EL4NERValueError, match=r"EL279.*nowhere\.gguf.*no such file"):
        converted(tmp_path / "nowhere.gguf")


def test_the_extra_is_named_where_it_is_missing(file, monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EL4NERImportError, match=r"EL278.*spacy-el4ner\[gguf\]"):
        converted(file)


def test_a_model_of_the_catalogue_is_named_as_one_of_the_hub(file, tmp_path, monkeypatch):
    place = tmp_path / "models" / "smollm2-135m" / "SmolLM2-135M-Instruct.Q4_1.gguf"
    place.parent.mkdir(parents=True)
    shutil.copy(file, place)
    monkeypatch.setattr("spacy_el4ner.catalogue.find", lambda name, gguf=False: place)
    assert HFBackend("smollm2-135m").count("Bill") == HFBackend(str(file)).count("Bill")


def test_a_model_that_was_not_fetched_is_not_asked_for_where_the_network_is_off(tmp_path, monkeypatch):
    monkeypatch.setenv("SPACY_EL4NER_MODELS", str(tmp_path))
    backend = HFBackend("gemma3-270m", local_files_only=True)
    with pytest.raises(EL4NERValueError, match=r"EL271.*models fetch gemma3-270m"):
        backend.count("x")


def test_a_folder_comes_before_the_catalogue(original, tmp_path, monkeypatch):
    shutil.copytree(original, tmp_path / "smollm2-135m")
    monkeypatch.chdir(tmp_path)
    assert not sources.in_catalogue("smollm2-135m")
    assert sources.loadable("smollm2-135m", None, "float32") == "smollm2-135m"
