"""Means over seeds: what they are of, and what is no set of seeds."""

import json
import statistics
from copy import deepcopy
from pathlib import Path

import pytest
from typer.testing import CliRunner

from spacy_el4ner.cli import app
from spacy_el4ner.evaluation.seeds import markdown

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "sample_en"


def runs(method, gains=(0.0, 0.01, 0.05)):
    """A measured run, and the same with other seeds and more F1 for the method."""
    measured = json.loads((RESULTS / f"{method}.json").read_text(encoding="utf8"))
    made = []
    for seed, gain in enumerate(gains):
        run = deepcopy(measured)
        run["seed"] = seed
        (run["rows"]["fusion"] if "rows" in run else run["full"])["ents_f"] += gain
        made.append(run)
    return made


def row(table, title):
    (line,) = (line for line in table.splitlines() if line.startswith(f"| {title} |"))
    return [cell.strip() for cell in line.strip("|").split("|")[1:]]


def test_a_score_is_its_mean_with_the_deviation_between_seeds():
    made = runs("fusion")
    scores = [run["rows"]["fusion"]["ents_f"] for run in made]
    told = row(markdown(made), "**fusion, as chosen on the development split**")
    assert told[2] == f"{statistics.mean(scores):.3f} ± {statistics.stdev(scores):.3f}"


def test_every_machine_is_told_once():
    made = runs("fusion")
    made[1]["machine"]["threads"] = 7
    processor = made[0]["machine"]["processor"]
    assert markdown(made).count(f"of {processor}") == 2
    assert f"7 threads of {processor}" in markdown(made)


@pytest.mark.parametrize(
    ("method", "title", "other"),
    [
        ("fusion", "fusion less the SLM: F1", lambda run: run["rows"]["slm"]),
        (
            "ensemble",
            "ensemble less the best backbone alone: F1",
            lambda run: max(run["backbones"].values(), key=lambda row: row["ents_f"]),
        ),
    ],
)
def test_a_gain_is_told_seed_by_seed(method, title, other):
    made = runs(method)
    before = (made[0]["rows"]["fusion"] if method == "fusion" else made[0]["full"])["ents_f"]
    gained = [100 * (before + gain - other(made[0])["ents_f"]) for gain in (0.0, 0.01, 0.05)]
    told = row(markdown(made), title)
    assert told[:3] == [f"{points:+.2f}" for points in gained]
    assert told[3] == f"{statistics.mean(gained):+.2f} ± {statistics.stdev(gained):.2f}"


def test_rows_that_one_run_lacks_are_left_out():
    made = runs("ensemble")
    assert "| zero-shot |" in markdown(made)
    del made[1]["ablations"]["zero_shot"]
    assert "| zero-shot |" not in markdown(made)


@pytest.mark.parametrize(
    "made",
    [
        runs("fusion")[:1],
        [*runs("fusion")[:2], runs("ensemble")[2]],
        [*runs("fusion"), runs("fusion")[1]],
    ],
    ids=["one run", "two methods", "a seed twice"],
)
def test_what_are_no_seeds_of_a_method_are_refused(made):
    with pytest.raises(ValueError, match="EL122"):
        markdown(made)


def test_the_command_prints_and_writes_the_report(tmp_path):
    paths = []
    for run in runs("fusion"):
        paths.append(tmp_path / f"{run['seed']}.json")
        paths[-1].write_text(json.dumps(run), encoding="utf8")
    out = tmp_path / "metrics" / "seeds.md"
    result = CliRunner().invoke(app, ["seeds", *map(str, paths), str(out)])
    assert result.exit_code == 0, result.output
    assert out.read_text(encoding="utf8") == markdown(runs("fusion"))
    assert "fusion less the SLM: F1" in result.output


@pytest.mark.parametrize(
    "report", sorted(RESULTS.parent.glob("*/seeds.md")), ids=lambda p: p.parent.name
)
def test_the_recorded_means_are_those_of_the_recorded_runs(report):
    files = sorted(report.parent.glob("fusion*.json"))
    recorded = [json.loads(file.read_text(encoding="utf8")) for file in files]
    assert report.read_text(encoding="utf8") == markdown(recorded)
