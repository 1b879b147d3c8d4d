"""The file of metrics of a fusion."""

import json

import pytest

from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.evaluation.fusion_metrics import fusion_metrics
from spacy_el4ner.evaluation.fusion_tables import markdown
from spacy_el4ner.fusion.calibration import Calibration
from tests.pipeline.taggers import Scripted, examples, trained


@pytest.fixture(scope="module")
def nlp():
    nlp = trained(steps=12, llm=None)
    fusion = nlp.get_pipe("slm_llm_fusion")
    fusion.llm = Scripted({"Bill": "PERSON", "Oslo": "GPE"}, sure=0.7)
    fusion.set_pool(eg.reference for eg in examples(nlp))
    fusion.calibration = Calibration(threshold=0.5)
    return nlp


def test_metrics_are_plain_data_that_a_report_is_made_of(nlp):
    docs = [eg.reference for eg in examples(nlp)]
    progress = []
    metrics = fusion_metrics(
        nlp, docs, "tiny", limit=2, seed=1, note="It was late.", say=progress.append
    )
    report = markdown(json.loads(json.dumps(metrics)), "a.png")
    assert "F1" in report
    assert "It was late." in report
    assert metrics["documents"] == 2 < metrics["documents_in_split"] == len(docs)
    assert (metrics["name"], metrics["seed"]) == ("tiny", 1)
    assert metrics["slm"].endswith("slm_llm_fusion")
    assert metrics["llm"] == "Scripted"
    assert metrics["calibration"]["threshold"] == 0.5
    assert {"slm", "sft_similarity", "fusion", "routed"} <= set(metrics["rows"])
    assert progress[0].startswith(f"Measuring on 2 of {len(docs)} documents")


def test_recall_is_told_of_entities_that_training_has_and_has_not_seen(nlp):
    docs = [eg.reference for eg in examples(nlp)]
    metrics = fusion_metrics(nlp, docs, "tiny", train=docs[:2], say=lambda _: None)
    unseen, seen = metrics["unseen"], metrics["seen"]
    rows = metrics["rows"]
    total = unseen["entities"] + seen["entities"]
    assert seen["entities"] > 0 < unseen["entities"]
    assert total == sum(len(doc.ents) for doc in docs)
    for model, row in (("slm", "slm"), ("llm", "sft_similarity"), ("fusion", "fusion")):
        right = sum(kind[model] * kind["entities"] for kind in (unseen, seen))
        assert right == pytest.approx(rows[row]["ents_r"] * total)
    report = markdown(json.loads(json.dumps(metrics)), "a.png")
    assert "| R, unseen | R, seen |" in report
    assert f"{unseen['entities']} of {total} entities are unseen" in report


def test_entities_of_the_demonstrations_are_seen_unless_another_split_is_named(nlp):
    docs = [eg.reference for eg in examples(nlp)]
    metrics = fusion_metrics(nlp, docs, "tiny", limit=2, say=lambda _: None)
    assert metrics["unseen"]["entities"] == 0 < metrics["seen"]["entities"]
    assert metrics["unseen"]["fusion"] is None


def test_both_models_are_described(nlp):
    docs = [eg.reference for eg in examples(nlp)]
    metrics = fusion_metrics(nlp, docs, "tiny", limit=2, say=lambda _: None)
    models = metrics["models"]
    tagger = nlp.get_pipe("slm_llm_fusion").model
    weights = [n.get_param(p).size for n in tagger.walk() for p in n.param_names if n.has_param(p)]
    assert models["slm"]["parameters"] == sum(weights)
    assert models["slm"]["base"] is None
    assert models["llm"] == {"name": "Scripted", "template": None, "k": 5}


def test_an_older_file_without_models_and_recalls_is_still_reported(nlp):
    docs = [eg.reference for eg in examples(nlp)]
    metrics = fusion_metrics(nlp, docs, "tiny", limit=2, say=lambda _: None)
    for key in ("models", "unseen", "seen"):
        del metrics[key]
    for row in metrics["rows"].values():
        del row["unseen_r"], row["seen_r"]
    report = markdown(json.loads(json.dumps(metrics)), "a.png")
    assert "unseen" not in report
    assert "LLM: `Scripted`" in report


def test_a_language_model_without_demonstrations_has_one_row(nlp):
    docs = [eg.reference for eg in examples(nlp)]
    fusion = nlp.get_pipe("slm_llm_fusion")
    fusion.cfg["k"] = 0
    metrics = fusion_metrics(nlp, docs, "tiny", limit=2, say=lambda _: None)
    fusion.cfg["k"] = 5
    assert "sft_few_shot" not in metrics["rows"]
    assert "| LLM fine-tuned |" in markdown(json.loads(json.dumps(metrics)), "a.png")


def test_a_fusion_without_a_language_model_is_refused():
    nlp = trained(steps=1)
    with pytest.raises(EL4NERValueError, match=r"\[EL044\]"):
        fusion_metrics(nlp, [eg.reference for eg in examples(nlp)], "tiny")
