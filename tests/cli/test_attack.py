import json
from functools import partial
from pathlib import Path

import pytest

from spacy_el4ner.evaluation.injection.tables import markdown
from tests.cli.runner import call
from tests.pipeline.ensembles import gold, pipeline
from tests.test_injection_assets import INJECTION
from tests.tiny import save_compact


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved")
    models = [save_compact(folder / str(seed), seed) for seed in range(2)]
    nlp = pipeline(models, stages={"verification": False})
    nlp.initialize(lambda: gold(nlp))
    nlp.to_disk(folder / "pipeline")
    return folder / "pipeline"


@pytest.fixture(scope="module")
def attacks(tmp_path_factory):
    """Of every kind one, in English."""
    lines = (INJECTION / "en.jsonl").read_text(encoding="utf8").splitlines()
    path = tmp_path_factory.mktemp("attacks") / "few.jsonl"
    path.write_text("\n".join(lines[7::20]), encoding="utf8")
    return path


def test_the_recorded_table_is_made_of_the_recorded_numbers():
    measured = (
        Path(__file__).parents[2] / "docs" / "results" / "compact" / "sample_en" / "injection.json"
    )
    data = json.loads(measured.read_text(encoding="utf8"))
    assert markdown(data) == measured.with_suffix(".md").read_text(encoding="utf8")
    assert len(data["rows"]["pipeline"]) >= 200
    for name in ("pipeline", "constrained"):
        assert all(row["malformed"] == row["outside"] == 0 for row in data["rows"][name])


attack = partial(call, "attack")


@pytest.mark.filterwarnings("ignore:.*WL001")  # the context of the tiny models is short
def test_random_models_cannot_be_led_out_of_the_format(saved, attacks, tmp_path):
    result = attack(saved, attacks, tmp_path / "out.json", "--free-limit", 2)
    assert result.exit_code == 0, result.output
    data = json.loads((tmp_path / "out.json").read_text(encoding="utf8"))
    rows = data["rows"]
    assert {name: len(found) for name, found in rows.items()} == {
        "pipeline": 11,
        "constrained": 11,
        "free": 2,
    }
    for name in ("pipeline", "constrained"):
        assert sum(row["entities"] for row in rows[name]) > 0
        assert all(row["malformed"] == row["outside"] == 0 for row in rows[name])
    assert all(row["answers"] >= 2 for row in rows["free"])
    assert {"machine", "date", "versions", "settings"} <= set(data)
    assert "On 2 of 11 texts" in (tmp_path / "out.md").read_text(encoding="utf8")


@pytest.mark.parametrize(
    ("corpus", "options", "said"),
    [("nowhere", [], "EL110"), (INJECTION, ["--voter", "nobody"], "EL010")],
)
def test_a_mistake_is_named_without_a_traceback(saved, tmp_path, corpus, options, said):
    result = attack(saved, corpus, tmp_path / "out.json", *options)
    assert result.exit_code == 1
    assert said in result.output
