import pytest

from spacy_el4ner import catalogue
from spacy_el4ner.errors import EL4NERValueError


def test_the_two_models_have_the_published_hashes():
    assert {name: model.sha256 for name, model in catalogue.models().items()} == {
        "smollm2-135m": "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53",
        "gemma3-270m": "a5fd3b62230aa5ec60212297dc9d20eaa70578ac519e00d93a17e44c087a6818",
    }


def test_only_gemma_asks_for_its_terms_to_be_accepted(tmp_path, monkeypatch):
    monkeypatch.setenv("SPACY_EL4NER_MODELS", str(tmp_path))
    asked = [m.name for m in catalogue.models().values() if not catalogue.terms_accepted(m)]
    assert asked == ["gemma3-270m"]


def test_an_unknown_model_is_refused():
    with pytest.raises(EL4NERValueError, match=r"EL270.*smollm2-135m, gemma3-270m"):
        catalogue.get("gpt-17")


def test_models_are_kept_in_the_users_cache(tmp_path, monkeypatch):
    monkeypatch.delenv("SPACY_EL4NER_MODELS", raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert catalogue.root().parts[-2:] == ("spacy-el4ner", "models")
