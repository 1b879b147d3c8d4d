"""The file of metrics of an ensemble."""

import json

import pytest

from spacy_el4ner.evaluation.ensemble_metrics import ensemble_metrics
from spacy_el4ner.evaluation.ensemble_tables import markdown
from tests.pipeline.ensembles import gold, pipeline
from tests.tiny import save_compact


@pytest.fixture(scope="module")
def measured(tmp_path_factory):
    folder = tmp_path_factory.mktemp("models")
    nlp = pipeline([save_compact(folder / str(seed), seed) for seed in range(2)], k=1)
    (folder / "0" / "el4ner.json").write_text('{"plan": {"steps": 7}}')
    nlp.initialize(lambda: gold(nlp))
    docs = [example.reference for example in gold(nlp)]
    progress = []
    return nlp, docs, progress, ensemble_metrics(nlp, docs, "tiny", say=progress.append)


def test_metrics_are_plain_data_that_a_report_is_made_of(measured):
    _, _, progress, metrics = measured
    assert "Ensemble" in markdown(json.loads(json.dumps(metrics)), "a.png")
    assert (metrics["documents"], metrics["documents_in_split"], metrics["name"]) == (3, 3, "tiny")
    assert metrics["training_steps"] == {"terse": 7}
    assert progress[0].startswith("Measuring on 3 of 3 documents")


def test_further_ablations_are_added_to_the_same_documents(measured):
    nlp, docs, _, metrics = measured
    more = ensemble_metrics(nlp, docs, "tiny", earlier=metrics, say=lambda text: None)
    assert {"zero_shot", "k=0", "verifier=plain"} <= set(more["ablations"])
    assert more["rows"] == metrics["rows"]
    assert "ablated" not in metrics


def test_metrics_of_other_documents_are_refused(measured):
    nlp, docs, _, metrics = measured
    with pytest.raises(ValueError, match=r"\[EL260\]"):
        ensemble_metrics(nlp, docs[:2], "tiny", earlier=metrics, say=lambda text: None)


def test_a_voter_with_the_name_of_the_whole_ensemble_is_refused(tmp_path):
    nlp = pipeline([save_compact(tmp_path, 0)], k=0)
    component = nlp.get_pipe("llm_ensemble_ner")
    component.voters = {"ensemble": next(iter(component.voters.values()))}
    nlp.initialize(lambda: gold(nlp))
    with pytest.raises(ValueError, match=r"\[EL317\]"):
        ensemble_metrics(
            nlp, [example.reference for example in gold(nlp)], "tiny", say=lambda text: None
        )
