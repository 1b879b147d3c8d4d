"""`tune`: a saved pipeline is tuned in place."""

import json
from functools import partial

import pytest
import spacy

from spacy_el4ner.pipeline.saving import save_pipeline
from tests.cli.runner import call
from tests.tiny import save_compact
from tests.tuning.pools import tunable

tune = partial(call, "tune")


@pytest.fixture(scope="module")
def pipeline(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pipeline")
    save_pipeline(tunable([save_compact(folder / "model", 1)]), folder / "saved")
    return folder / "saved"


def test_a_pipeline_is_tuned_in_place(pipeline):
    result = tune(pipeline, "--minutes", "0", "--limit", "12")
    assert result.exit_code == 0, result.output
    assert "offsets" in result.output
    tuning = spacy.load(pipeline).get_pipe("llm_ensemble_ner").tuning
    assert set(tuning.voters) == {"terse"}
    saved = json.loads((pipeline / "llm_ensemble_ner" / "tuning").read_text())
    assert saved["report"]["steps"] == tuning.report["steps"]
    assert not list(pipeline.parent.glob(".*"))


def test_a_test_split_is_refused(pipeline, tmp_path):
    before = (pipeline / "llm_ensemble_ner" / "tuning").read_bytes()
    result = tune(pipeline, tmp_path / "test.spacy")
    assert result.exit_code == 1
    assert "EL291" in result.output
    assert (pipeline / "llm_ensemble_ner" / "tuning").read_bytes() == before


def test_retrievers_are_compared_where_they_are_named(pipeline):
    fixed, diverse = "spacy-el4ner.FixedDemonstrations.v1", "spacy-el4ner.Diversity.v1"
    result = tune(pipeline, "--minutes", "0", "--limit", "12", "--retrievers", f"{fixed}, {diverse}")
    assert result.exit_code == 1
    assert f"EL364] Unknown retriever '{diverse}'" in " ".join(result.output.split())
    result = tune(pipeline, "--minutes", "0", "--limit", "12", "--retrievers", fixed)
    assert result.exit_code == 0, result.output
    assert fixed in result.output
