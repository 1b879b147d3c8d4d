"""The commands one after another, as `spacy project run all` calls them, on a tiny corpus."""

import json
from pathlib import Path

import pytest
from spacy.tokens import DocBin

from spacy_el4ner import minilm
from spacy_el4ner.evaluation.ensemble_tables import markdown
from tests.cli.runner import call, run
from tests.training.corpus import docs

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not minilm.installed(), reason="needs the extra 'offline'"),
]
ROOT = Path(__file__).parent.parent.parent
COMPACT = ROOT / "configs" / "voters" / "compact.cfg"


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    (folder / "source").mkdir()
    for split in ("train", "dev", "test"):
        DocBin(docs=docs(), store_user_data=True).to_disk(folder / "source" / f"{split}.spacy")
    corpus, models, pipeline = folder / "corpus", folder / "models", folder / "pipeline"
    run("convert", folder / "source", corpus)
    run("backbones", COMPACT, corpus, models, "--scale", 0.05)
    run("index", COMPACT, corpus, pipeline, "--models", models, "--k", 2)
    run("evaluate", pipeline, corpus / "test.spacy", folder / "ensemble.json", "--name", "tiny")
    return folder


@pytest.fixture(scope="module")
def metrics(project):
    return json.loads((project / "ensemble.json").read_text())


def test_the_metrics_hold_every_row(metrics):
    assert set(metrics["rows"]) == {"ensemble", "terse", "plain", "marked"}
    assert set(metrics["extraction"]) == {"terse", "plain", "marked", "union"}
    assert set(metrics["ablations"]) == {
        "no_verification",
        "no_vote",
        "majority_vote",
        "random_demonstrations",
        "sentence_similarity",
    }
    assert {"machine", "date", "seed", "versions"} <= set(metrics)


def test_every_row_has_every_score(metrics):
    rows = [*metrics["rows"].values(), *metrics["ablations"].values()]
    for row in rows:
        assert 0 <= row["ents_f"] <= 1
        assert row["docs_per_s"] > 0
        assert row["forward_passes"] > 0
        assert {"ents_p", "ents_r", "ents_per_type", "expected_calibration_error"} <= set(row)


def test_the_union_recalls_at_least_as_much_as_each_voter(metrics):
    recall = {name: row["ents_r"] for name, row in metrics["extraction"].items()}
    assert recall["union"] == max(recall.values())


def test_further_ablations_are_added(project, metrics):
    out = project / "ablated.json"
    out.write_text(json.dumps(metrics))
    run("evaluate", project / "pipeline", project / "corpus" / "test.spacy", out, "--ablate")
    found = json.loads(out.read_text())
    for name in ("zero_shot", "k=0", "k=5", "n_voters=3", "verifier=plain", "no_vote"):
        assert name in found["ablations"]
    assert found["ablated"]["machine"] == metrics["machine"]
    always, further = markdown(found, "a.png").split("## Further ablations")
    assert "k = 5" in further
    assert "k = 5" not in always
    assert "without a vote" in always


def test_further_ablations_are_of_the_same_documents(project, metrics):
    out = project / "other.json"
    out.write_text(json.dumps(metrics))
    arguments = ["evaluate", project / "pipeline", project / "corpus" / "test.spacy", out, "--ablate"]
    result = call(*arguments, "--seed", 5)
    assert result.exit_code == 1
    assert "was measured on other documents" in " ".join(result.output.split())
    assert json.loads(out.read_text()) == metrics


def test_a_corpus_of_the_same_size_is_another_one(project, metrics, tmp_path):
    out = tmp_path / "other.json"
    out.write_text(json.dumps({**metrics, "texts": "0"}))
    arguments = ["evaluate", project / "pipeline", project / "corpus" / "test.spacy", out, "--ablate"]
    result = call(*arguments)
    assert result.exit_code == 1
    assert "was measured on other documents" in " ".join(result.output.split())


def test_the_report_prints_the_measured_numbers(project, metrics):
    run("table", project / "ensemble.json", project / "report.md")
    report = (project / "report.md").read_text()
    assert f"{metrics['rows']['ensemble']['ents_f']:.3f}" in report
    assert metrics["date"] in report
    assert (project / "report.png").stat().st_size > 1000


def test_show_prints_every_text(project):
    texts = project / "texts.txt"
    texts.write_text("Bill Osei left Paris.\nRain fell.\n")
    said = run("show", project / "pipeline", texts)
    assert "Bill Osei left Paris." in said
    assert "Rain fell." in said


def test_hub_models_need_nothing_made(project):
    said = run(
        "backbones", ROOT / "configs" / "voters" / "paper.cfg", project / "corpus", project / "no"
    )
    assert "nothing to train" in said


def test_a_missing_voters_file_is_named():
    result = call("backbones", "nowhere.cfg", ".", ".")
    assert result.exit_code == 1
    assert "nowhere.cfg" in result.output


def test_the_report_says_from_how_much_the_ensemble_learnt(project, metrics):
    assert set(metrics["training_steps"]) == {"terse", "plain", "marked"}
    out = project / "learnt.md"
    run("table", project / "ensemble.json", out)
    told = f"Demonstrations come from {metrics['pool_sentences']} sentences."
    assert metrics["pool_sentences"] > 0
    assert told in out.read_text()
