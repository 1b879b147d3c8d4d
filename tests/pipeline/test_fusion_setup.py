"""A trained tagger gets a language model, is calibrated, and saved, without any command."""

import json

import pytest
import spacy

from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.rules.paper import PaperRule
from spacy_el4ner.pipeline import fusion_setup
from spacy_el4ner.pipeline.fusion_setup import llm_block, sft_plan
from spacy_el4ner.registry import registry
from spacy_el4ner.retrieval.base import Query
from tests.pipeline.taggers import SENTENCES, Scripted, annotated, pipeline, trained

NAME = "slm_llm_fusion"
NEW = "[PERSON Zorro] left [GPE Rome] .\n[PERSON Zorro] met [PERSON Bill] in [GPE Rome] ."
KNOWN = {"Zorro": "PERSON", "Rome": "GPE", "Bill": "PERSON", "bill": "PERSON", "Oslo": "GPE"}
BLOCK = {"@el4ner_llms": "tests.Known.v1"}


@registry.el4ner_llms("tests.Known.v1")
def known():
    return Scripted(KNOWN)


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tagger")
    trained(30).to_disk(folder)
    return folder


@pytest.fixture
def nlp(saved):
    return spacy.load(saved)


@pytest.fixture
def docs(nlp):
    return [annotated(nlp.vocab, line) for line in f"{SENTENCES}\n{NEW}".splitlines()]


def calibrated(nlp, docs, **settings):
    fusion = nlp.get_pipe(NAME)
    fusion.attach_llm(BLOCK, nlp=nlp)
    return fusion, fusion.calibrate(docs, folds=2, repeats=1, **settings)


def test_an_attached_model_and_its_demonstrations_are_saved(nlp, docs, tmp_path):
    nlp.get_pipe(NAME).attach_llm(BLOCK, docs[:3], nlp=nlp, k=2, route="uncertain")
    nlp.to_disk(tmp_path)
    fusion = spacy.load(tmp_path).get_pipe(NAME)
    assert fusion.llm == Scripted(KNOWN)
    assert (fusion.cfg["k"], fusion.cfg["route"]) == (2, "uncertain")
    assert len(fusion.pool.entries) == 3


def test_an_object_is_attached_as_it_is(nlp, docs):
    fusion, llm = nlp.get_pipe(NAME), Scripted(KNOWN)
    fusion.attach_llm(llm)
    assert fusion.llm is llm
    assert nlp.get_pipe_config(NAME)["llm"] is None


def test_without_documents_the_pool_stays(nlp, docs):
    fusion = nlp.get_pipe(NAME)
    fusion.attach_llm(BLOCK, docs[:3])
    fusion.attach_llm(BLOCK)
    assert len(fusion.pool.entries) == 3


def test_a_fine_tuned_model_is_read_as_it_was_fine_tuned(tmp_path):
    plan = {"base": "some/model", "method": "lora", "template": "zh", "revision": "v1", "max_window": 9}
    (tmp_path / "el4ner.json").write_text(json.dumps({"plan": plan}))
    block = llm_block(tmp_path, sft_plan(tmp_path), None, "fast")
    assert (block["template"], block["max_window"]) == ("zh", 9)
    assert block["backend"]["dtype"] == "fast"
    backend = block["backend"]
    assert (backend["model"], backend["revision"]) == ("some/model", "v1")
    assert backend["adapter"] == str(tmp_path.resolve())


def test_a_route_that_is_unknown_changes_nothing(nlp):
    fusion = nlp.get_pipe(NAME)
    with pytest.raises(ValueError, match=r"EL010.*sometimes"):
        fusion.attach_llm(BLOCK, route="sometimes")
    assert fusion.llm is None


def test_a_calibration_changes_nothing_until_it_is_applied(nlp, docs):
    fusion, report = calibrated(nlp, docs)
    assert fusion.calibration == Calibration()
    fusion.apply(report, nlp=nlp, route="uncertain")
    assert fusion.calibration == report.calibration
    assert fusion.fitted_rule.name == report.rule
    assert fusion.cfg["route"] == "uncertain"


def test_an_applied_calibration_is_saved(nlp, docs, tmp_path):
    fusion, report = calibrated(nlp, docs, rule="scaled")
    fusion.apply(report, nlp=nlp)
    nlp.to_disk(tmp_path)
    other = spacy.load(tmp_path).get_pipe(NAME)
    assert other.fitted_rule == fusion.fitted_rule
    assert other.fitted_rule.name == "scaled"


def test_parameters_alone_keep_the_rule(nlp):
    fusion = nlp.get_pipe(NAME)
    fusion.apply(Calibration({"paper": {"lam": 0.3}}, threshold=0.1))
    assert fusion.fitted_rule == PaperRule(0.3)


def test_parameters_that_do_not_fit_change_nothing(nlp):
    fusion = nlp.get_pipe(NAME)
    with pytest.raises(ValueError, match="EL220"):
        fusion.apply(Calibration({"paper": {"lam": -1.0}}))
    assert fusion.calibration == Calibration()


def test_components_before_the_fusion_run_where_the_pipeline_is_given(nlp, docs):
    ruler = nlp.add_pipe("entity_ruler", first=True)
    ruler.add_patterns([{"label": "GPE", "pattern": "Rome"}])
    seen = []
    fusion = nlp.get_pipe(NAME)
    fusion.llm, fusion.cases = Scripted(KNOWN), lambda examples: seen.extend(examples) or []
    with pytest.raises(ValueError, match="EL042"):
        fusion.calibrate(docs, nlp=nlp)
    assert any(ent.text == "Rome" for example in seen for ent in example.predicted.ents)


def test_a_tagger_alone_is_not_calibrated(docs):
    with pytest.raises(ValueError, match=r"EL222.*slm_llm_fusion"):
        pipeline().get_pipe(NAME).calibrate(docs)


def test_an_unknown_rule_is_named_before_anything_is_read(nlp, docs):
    fusion = nlp.get_pipe(NAME)
    fusion.llm = Scripted(KNOWN)
    with pytest.raises(ValueError, match=r"EL010.*majority"):
        fusion.calibrate(docs, rule="majority")
    assert fusion.llm.calls == []


def test_a_model_with_fixed_demonstrations_takes_them_from_the_pool_that_stays(nlp, docs, monkeypatch):
    fusion = nlp.get_pipe(NAME)
    fusion.attach_llm(BLOCK, docs[:3])
    plan = {"demonstrations": "fixed", "seed": 0, "k": 2}
    monkeypatch.setattr(fusion_setup, "sft_plan", lambda folder: plan)
    monkeypatch.setattr(fusion_setup, "llm_block", lambda *settings: BLOCK)
    fusion.attach_llm("a folder")
    assert len(fusion.retriever.retrieve([Query("Ann left.")], 2)[0]) == 2
