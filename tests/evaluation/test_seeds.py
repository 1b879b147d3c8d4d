"""Means over seeds: what they are of, and what is no set of seeds."""

import json
import statistics
from copy import deepcopy
from pathlib import Path

import pytest

from spacy_el4ner.evaluation.seeds import markdown
from tests.cli.runner import call

RESULTS = Path(__file__).parents[2] / "docs" / "results" / "compact" / "sample_en"


def runs(method, gains=(0.0, 0.01, 0.05)):
    """A measured run, and the same with other seeds and more F1 for the method."""
    measured = json.loads((RESULTS / f"{method}.json").read_text(encoding="utf8"))
    made = []
    for seed, gain in enumerate(gains):
        run = deepcopy(measured)
        run["seed"] = seed
        run["rows"].get("fusion", run["rows"].get("ensemble"))["ents_f"] += gain
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
            "ensemble less the best voter alone: F1",
            lambda run: max(
                (row for name, row in run["rows"].items() if name != "ensemble"),
                key=lambda row: row["ents_f"],
            ),
        ),
    ],
)
def test_a_gain_is_told_seed_by_seed(method, title, other):
    made = runs(method)
    before = made[0]["rows"][method]["ents_f"]
    gained = [100 * (before + gain - other(made[0])["ents_f"]) for gain in (0.0, 0.01, 0.05)]
    told = row(markdown(made), title)
    assert told[:3] == [f"{points:+.2f}" for points in gained]
    assert told[3] == f"{statistics.mean(gained):+.2f} ± {statistics.stdev(gained):.2f}"


def novel(made):
    """The same runs with recalls of unseen entities: more for the fusion, seed by seed."""
    for number, run in enumerate(made):
        run["unseen"] = run["seen"] = {"entities": 4}
        for name, row in run["rows"].items():
            row["seen_r"] = 0.9
            row["unseen_r"] = 0.5 + 0.1 * number * (name == "fusion")
    return made


def test_the_gain_over_the_better_model_is_told_with_its_spread():
    made = runs("fusion")
    for run, (slm, llm) in zip(made, ((0.6, 0.5), (0.5, 0.6), (0.6, 0.6)), strict=True):
        run["rows"]["slm"]["ents_f"], run["rows"]["sft_similarity"]["ents_f"] = slm, llm
    table = markdown(made)
    gains = [100 * (run["rows"]["fusion"]["ents_f"] - 0.6) for run in made]
    told = row(table, "fusion less the better model: F1")
    spread = f"{statistics.mean(gains):+.2f} ± {statistics.stdev(gains):.2f}"
    assert told == [*(f"{gain:+.2f}" for gain in gains), spread]
    assert row(table, "fusion less the better model: token macro-F1")
    assert row(table, "the paper's rule less the better model: F1")


def test_recall_of_unseen_entities_is_told_where_all_runs_have_it():
    made = novel(runs("fusion"))
    table = markdown(made)
    assert row(table, "**fusion, as chosen on the development split**")[-2] == "0.600 ± 0.100"
    told = row(table, "fusion less the SLM: recall of unseen entities")
    assert told == ["+0.00", "+10.00", "+20.00", "+10.00 ± 10.00"]
    del made[1]["unseen"]
    assert "unseen" not in markdown(made)


@pytest.mark.parametrize("shared", [True, False])
def test_a_language_model_that_was_fine_tuned_once_is_said_to_be(shared):
    made = runs("fusion")
    for run in made:
        slm = {"name": "t", "base": "some/encoder", "parameters": 2_000_000, "seed": run["seed"]}
        weights = "a" if shared else str(run["seed"])
        llm = {"name": "smollm2-135m", "template": "compact", "k": 0, "weights": weights}
        run["models"] = {"slm": slm, "llm": llm}
    table = markdown(made)
    assert ("fine-tuned once" in table) is shared
    each = "Seed 2: SLM: `some/encoder` (2.0 M parameters), seed 2; LLM: `smollm2-135m`"
    once = "SLM: `some/encoder` (2.0 M parameters), with the seed of the run. LLM: `smollm2-135m`"
    assert (once if shared else each) in table


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
    for record in runs("fusion"):
        paths.append(tmp_path / f"{record['seed']}.json")
        paths[-1].write_text(json.dumps(record), encoding="utf8")
    out = tmp_path / "metrics" / "seeds.md"
    result = call("seeds", *paths, out)
    assert result.exit_code == 0, result.output
    assert out.read_text(encoding="utf8") == markdown(runs("fusion"))
    assert "fusion less the SLM: F1" in result.output


@pytest.mark.parametrize(
    "report",
    sorted(RESULTS.parents[1].rglob("seeds.md")),
    ids=lambda path: str(path.parent.relative_to(RESULTS.parents[1])),
)
def test_the_recorded_means_are_those_of_the_recorded_runs(report):
    files = sorted(report.parent.glob("fusion*.json"))
    recorded = [json.loads(file.read_text(encoding="utf8")) for file in files]
    assert report.read_text(encoding="utf8") == markdown(recorded)
