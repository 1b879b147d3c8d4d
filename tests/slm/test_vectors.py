import numpy as np
import pytest
import spacy
from thinc.api import Model

from spacy_el4ner.retrieval.base import Query
from tests.pipeline.taggers import examples, trained

RETRIEVER = {
    "@el4ner_retrievers": "spacy-el4ner.SentenceSimilarity.v1",
    "encoder": {"@el4ner_encoders": "spacy-el4ner.TaggerVectors.v1"},
}


@pytest.fixture(scope="module")
def nlp():
    return trained(steps=5, retriever=RETRIEVER)


@pytest.fixture(scope="module")
def component(nlp):
    component = nlp.get_pipe("slm_llm_fusion")
    component.set_pool(eg.reference for eg in examples(nlp))
    return component


def test_vectors_have_length_one_and_say_what_is_alike(component):
    vectors = component.retriever.encoder.encode(
        ["Ann Lee left .", "Ann Lee left", "In Oslo nobody paid the bill"]
    )
    assert np.allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)
    alike = vectors @ vectors.T
    assert alike[0, 1] > alike[0, 2]


def test_an_empty_text_has_a_vector_of_zeros(component):
    assert not component.retriever.encoder.encode([""]).any()


def test_a_saved_index_belongs_to_its_weights(nlp, component, tmp_path):
    nlp.to_disk(tmp_path)
    again = spacy.load(tmp_path).get_pipe("slm_llm_fusion").retriever
    assert again.encoder.name == component.retriever.encoder.name
    assert np.allclose(again.vectors, component.retriever.vectors)
    other = trained(steps=1, retriever=RETRIEVER).get_pipe("slm_llm_fusion").retriever
    with pytest.raises(ValueError, match="EL012"):
        other.from_dict(component.retriever.to_dict(), [])


def test_an_index_keeps_up_with_training():
    nlp = trained(steps=0, retriever=RETRIEVER)
    component, data = nlp.get_pipe("slm_llm_fusion"), examples(nlp)
    component.set_pool(eg.reference for eg in data)
    before = component.retriever.vectors
    for _ in range(10):
        nlp.update(data)
    texts = [entry.demonstration.window.text for entry in component.pool.entries]
    hits = component.retriever.retrieve([Query(text) for text in texts], 1)
    assert all(found.similarity == pytest.approx(1, abs=1e-5) for (found,) in hits)
    assert not np.allclose(component.retriever.vectors, before, atol=1e-3)


def test_the_name_is_made_of_the_model_once_for_the_same_weights(monkeypatch):
    nlp = trained(steps=1, retriever=RETRIEVER)
    encoder = nlp.get_pipe("slm_llm_fusion").retriever.encoder
    made = []
    real = Model.to_bytes
    monkeypatch.setattr(Model, "to_bytes", lambda model: made.append(model) or real(model))
    first = encoder.name
    assert encoder.name == first
    assert len(made) == 1
    names = {first}
    for node in encoder.model.walk():
        for name in node.param_names:
            node.get_param(name).ravel()[-1] += 1e-3  # in place, as an optimizer does
            names.add(encoder.name)
    assert len(names) == len(made) > 2


def test_a_tagger_that_listens_has_no_vectors_of_its_own():
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec")
    listener = {"@architectures": "spacy.Tok2VecListener.v1", "width": 96, "upstream": "*"}
    model = {"@architectures": "spacy-el4ner.TokenClassifier.v1", "tok2vec": listener}
    with pytest.raises(ValueError, match="EL034"):
        nlp.add_pipe("slm_llm_fusion", config={"model": model, "retriever": RETRIEVER})
