"""Pipelines with a fusion are saved, sent and changed on loading."""

import warnings

import spacy
import srsly

from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.rules.slm import SLMRule
from spacy_el4ner.registry import registry
from spacy_el4ner.retrieval.sentence_similarity import SentenceSimilarity
from tests.pipeline.ensembles import found
from tests.pipeline.taggers import (
    NAME,
    TEXTS,
    Letters,
    Scripted,
    ents,
    pipeline,
)


def test_a_saved_pipeline_finds_the_same(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    loaded = spacy.load(tmp_path)
    assert [found(d) for d in loaded.pipe(TEXTS)] == [found(d) for d in nlp.pipe(TEXTS)]


def test_a_pipeline_in_bytes_finds_the_same(nlp):
    other = pipeline().from_bytes(nlp.to_bytes())
    assert [found(d) for d in other.pipe(TEXTS)] == [found(d) for d in nlp.pipe(TEXTS)]


def test_pool_and_calibration_are_saved(with_pool, tmp_path):
    nlp, _ = with_pool(Scripted())
    component = nlp.get_pipe(NAME)
    component.calibration = Calibration({"paper": {"lam": 0.125}}, threshold=0.5)
    component.to_disk(tmp_path / "fusion")
    other = pipeline().get_pipe(NAME)
    other.retriever = SentenceSimilarity(Letters())
    other.from_disk(tmp_path / "fusion")
    assert other.calibration == component.calibration
    assert srsly.read_json(tmp_path / "fusion" / "calibration.json") == component.calibration.to_dict()
    assert other.pool.entries == component.pool.entries
    assert (other.retriever.vectors == component.retriever.vectors).all()


def test_settings_are_those_of_the_config_and_can_be_changed_on_loading(nlp, tmp_path):
    nlp.to_disk(tmp_path)
    block = {"@el4ner_fusion_rules": "spacy-el4ner.SLMRule.v1"}
    changed = {"components": {NAME: {"rule": block, "spans_key": "both"}}}
    component = spacy.load(tmp_path, config=changed).get_pipe(NAME)
    assert (component.rule, component.cfg["spans_key"]) == (SLMRule(), "both")


def test_two_processes_find_the_same(nlp):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # fork with threads, Python 3.12
        docs = list(nlp.pipe(TEXTS, n_process=2, batch_size=2))
    assert [found(d) for d in docs] == [found(nlp(text)) for text in TEXTS]


def test_a_pickled_pipeline_finds_the_same(nlp):
    copy = srsly.pickle_loads(srsly.pickle_dumps(nlp))
    assert [found(d) for d in copy.pipe(TEXTS)] == [found(d) for d in nlp.pipe(TEXTS)]


def scripted(surfaces: dict[str, str]) -> Scripted:
    return Scripted(surfaces)


def test_a_language_model_can_be_put_into_a_trained_pipeline_on_loading(nlp, tmp_path):
    registry.el4ner_llms.register("test.Scripted.v1", func=scripted)
    nlp.to_disk(tmp_path)
    block = {"@el4ner_llms": "test.Scripted.v1", "surfaces": {"Bill paid": "ORG"}}
    always = {"@el4ner_fusion_rules": "spacy-el4ner.LLMRule.v1"}
    loaded = spacy.load(tmp_path, config={"components": {NAME: {"llm": block, "rule": always}}})
    assert ents(loaded(TEXTS[0])) == [("Bill paid", "ORG")]
    loaded.to_disk(tmp_path / "again")
    again = spacy.load(tmp_path / "again")
    assert ents(again(TEXTS[0])) == [("Bill paid", "ORG")]
