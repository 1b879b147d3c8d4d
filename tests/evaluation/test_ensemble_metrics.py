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


def quiet(text):
    pass


def test_ablations_can_be_left_out(measured):
    nlp, docs, _, metrics = measured
    short = ensemble_metrics(nlp, docs, "tiny", ablations=False, say=quiet)
    assert short["ablations"] == {}
    assert short["rows"].keys() == metrics["rows"].keys()
    assert "Ablations" not in markdown(short, "a.png")
    assert "Ablations" in markdown(metrics, "a.png")


class Interrupted(Exception):
    pass


@pytest.fixture
def interrupted(measured, tmp_path):
    """An evaluation that ended before its second row, and the file of the finished ones."""
    nlp, docs, _, _ = measured
    path = tmp_path / "rows"

    def say(text):
        if "alone" in text:
            raise Interrupted

    with pytest.raises(Interrupted):
        ensemble_metrics(nlp, docs, "tiny", unfinished=path, say=say)
    return nlp, docs, path


def test_an_interrupted_evaluation_goes_on_after_the_last_finished_row(interrupted):
    nlp, docs, path = interrupted
    finished = json.loads(path.read_text())["rows"]["ensemble"]
    metrics = ensemble_metrics(nlp, docs, "tiny", ablations=False, unfinished=path, say=quiet)
    assert metrics["rows"]["ensemble"] == finished  # with its speed, which no second run would repeat
    assert len(metrics["rows"]) == 3
    assert not path.exists()


def test_finished_rows_of_other_documents_are_measured_again(interrupted):
    nlp, docs, path = interrupted
    finished = json.loads(path.read_text())["rows"]["ensemble"]
    metrics = ensemble_metrics(nlp, docs[:2], "tiny", ablations=False, unfinished=path, say=quiet)
    assert metrics["rows"]["ensemble"] != finished


@pytest.mark.parametrize("text", ["", "{", "[]", '{"about": 3}'])
def test_a_file_without_rows_is_no_obstacle(measured, tmp_path, text):
    nlp, docs, _, _ = measured
    (tmp_path / "rows").write_text(text)
    metrics = ensemble_metrics(
        nlp, docs, "tiny", ablations=False, unfinished=tmp_path / "rows", say=quiet
    )
    assert len(metrics["rows"]) == 3


def test_finished_rows_of_other_entities_are_measured_again(interrupted):
    nlp, docs, path = interrupted
    corrected = [doc.copy() for doc in docs]
    corrected[0].ents = []
    finished = json.loads(path.read_text())["rows"]["ensemble"]
    metrics = ensemble_metrics(nlp, corrected, "tiny", ablations=False, unfinished=path, say=quiet)
    assert metrics["rows"]["ensemble"] != finished
