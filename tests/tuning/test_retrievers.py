"""The choice of a retriever: measured on demand, and applied where another one is better."""

import pytest
import spacy

from spacy_el4ner.api import save_pipeline, tune
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.retrieval.bm25 import BM25
from spacy_el4ner.tuning import retrievers
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS
from tests.tuning.pools import tunable

BM25_NAME, FIXED = "spacy-el4ner.BM25.v1", "spacy-el4ner.FixedDemonstrations.v1"
NOW = "spacy-el4ner.RandomDemonstrations.v1"


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    return [save_compact(tmp_path_factory.mktemp("model"), 1)]


def component(nlp):
    return nlp.get_pipe("llm_ensemble_ner")


def compared(nlp, *names):
    tuning = tune(nlp, minutes=0, retrievers=names)
    return [step for step in tuning.report["steps"] if step["name"] == "retriever"]


def test_the_present_one_is_compared_with_each_other_one(models):
    steps = compared(tunable(models), BM25_NAME, FIXED, NOW, FIXED)
    assert [step["choice"].partition(":")[0] for step in steps] == [BM25_NAME, FIXED]
    assert len({step["without"] for step in steps}) == 1
    assert all(0 <= step[side] <= 1 for step in steps for side in ("with", "without"))


def test_nothing_is_compared_unless_asked_for(models):
    nlp = tunable(models)
    before = component(nlp).retriever
    assert compared(nlp) == []
    assert component(nlp).retriever is before


@pytest.mark.parametrize("better", [True, False])
def test_the_best_takes_its_place_and_is_saved(models, monkeypatch, tmp_path, better):
    measured = {NOW: 0.5, FIXED: 0.4, BM25_NAME: 0.6 if better else 0.501}
    monkeypatch.setattr(retrievers, "starts", lambda *_: measured)
    nlp = tunable(models)
    steps = compared(nlp, FIXED, BM25_NAME)
    assert [step["choice"].endswith(": chosen") for step in steps] == [False, better]
    assert isinstance(component(nlp).retriever, BM25) == better
    save_pipeline(nlp, tmp_path / "pipeline")
    loaded = spacy.load(tmp_path / "pipeline")
    assert isinstance(component(loaded).retriever, BM25) == better
    assert [e.text for e in loaded(TEXTS[0]).ents] == [e.text for e in nlp(TEXTS[0]).ents]


def test_settings_and_the_encoder_are_taken_over(models, monkeypatch):
    block = {"@el4ner_retrievers": "spacy-el4ner.SentenceSimilarity.v1", "min_similarity": 0.1}
    nlp = tunable(models, retriever=block)
    seen = {}
    monkeypatch.setattr(retrievers, "starts", lambda *given: seen.update(given[3]) or {})
    before = component(nlp).retriever
    compared(nlp, "spacy-el4ner.Diverse.v1", FIXED)
    assert seen["spacy-el4ner.Diverse.v1"].encoder is before.encoder
    assert component(nlp).retriever is before


def test_an_unknown_retriever_is_refused(models):
    with pytest.raises(EL4NERValueError, match=r"EL364.*'some\.v1'.*spacy-el4ner\.BM25\.v1"):
        compared(tunable(models), "some.v1")


def test_spans_that_the_pool_lacks_are_not_extracted_for_a_comparison(models):
    with pytest.raises(EL4NERValueError, match=r"EL365.*SpanSimilarity"):
        compared(tunable(models), "spacy-el4ner.SpanSimilarity.v1")
