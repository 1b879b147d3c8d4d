"""Retrievers in a pipeline: from the config to the demonstrations, before and after saving."""

import pytest
import spacy

from tests.pipeline.ensembles import gold, pipeline

KINDS = ("SentenceSimilarity", "LabelGuided", "BM25", "Diverse")


def shown(nlp, text):
    (task,) = nlp.get_pipe("llm_ensemble_ner").trace([nlp.make_doc(text)]).tasks
    return [d.window.text for d in task.demonstrations], task.similarities


@pytest.mark.parametrize("kind", KINDS)
def test_a_saved_pipeline_shows_the_same_demonstrations(models, tmp_path, kind):
    retriever = {"@el4ner_retrievers": f"spacy-el4ner.{kind}.v1"}
    nlp = pipeline(models[:1], retriever=retriever, k=2, stages={"verification": False})
    nlp.initialize(lambda: gold(nlp))
    nlp.to_disk(tmp_path)
    nearest = "Bill paid the bill in Paris."
    texts, similarities = shown(nlp, f"Indeed, {nearest}")
    assert texts[0] == nearest
    assert len(set(texts)) == 2
    assert shown(spacy.load(tmp_path), f"Indeed, {nearest}") == (texts, pytest.approx(similarities))
