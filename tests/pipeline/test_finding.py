"""The components of this package in a pipeline."""

import pytest
import spacy

from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.pipeline.finding import FACTORIES, find_component, find_components
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.slm_llm_fusion import SLMLLMFusion
from tests.pipeline import taggers


@pytest.fixture(scope="module")
def nlp():
    """An ensemble under a name of its own, and a fusion without a language model."""
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.add_pipe("llm_ensemble_ner", name="voters", config={"labels": {"GPE": ""}})
    nlp.add_pipe("slm_llm_fusion")
    return nlp


@pytest.mark.parametrize(
    ("kind", "name"),
    [(None, "voters"), (LLMEnsembleNER, "voters"), (SLMLLMFusion, "slm_llm_fusion")],
)
def test_the_first_component_of_the_kind_is_taken(nlp, kind, name):
    component = find_component(nlp, kind)
    assert component is nlp.get_pipe(name)
    assert component.name == name


def test_all_of_them_are_given_in_order(nlp):
    names = [component.name for component in find_components(nlp)]
    assert names == ["voters", "slm_llm_fusion"]


@pytest.mark.parametrize(
    ("kind", "expected"),
    [(None, " or ".join(FACTORIES)), (LLMEnsembleNER, FACTORIES[0]), (SLMLLMFusion, FACTORIES[1])],
)
def test_a_pipeline_without_one_is_named_by_its_folder(kind, expected, tmp_path):
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    nlp.to_disk(tmp_path)
    with pytest.raises(EL4NERValueError) as error:
        find_component(spacy.load(tmp_path), kind)
    assert error.value.code == "EL014"
    for part in (f"'{tmp_path}'", f"'{expected}'", "sentencizer"):
        assert part in str(error.value)


def test_a_fusion_may_have_to_have_its_language_model():
    nlp = taggers.trained(steps=1)
    with pytest.raises(EL4NERValueError) as error:
        find_component(nlp, with_llm=True)
    assert error.value.code == "EL044"
    fusion = find_component(nlp, SLMLLMFusion)
    fusion.llm = taggers.Scripted()
    assert find_component(nlp, SLMLLMFusion, with_llm=True) is fusion
