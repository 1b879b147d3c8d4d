"""What the README says of settings and commands is what the code has."""

import json
import re
from pathlib import Path

from thinc.api import Config

from spacy_el4ner.cli import app
from spacy_el4ner.evaluation.fusion_report import fusion_table
from spacy_el4ner.evaluation.report import ablation_table, main_table
from spacy_el4ner.pipeline.defaults import DEFAULT_CONFIG as ENSEMBLE
from spacy_el4ner.pipeline.fusion_defaults import DEFAULT_CONFIG as FUSION

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf8")
MEAN_F1 = re.compile(r"^\| [^|]+(?: \| \d\.\d{3} ± \d\.\d{3}){2} \| (\d\.\d{3}) ±", re.MULTILINE)
"""The third figure of a row of means over seeds: precision and recall come before it."""


def test_the_settings_table_lists_every_setting():
    listed = set(re.findall(r"^\| `(\w+)` \|", README, flags=re.MULTILINE))
    for name, config in (("llm_ensemble_ner", ENSEMBLE), ("slm_llm_fusion", FUSION)):
        assert set(Config().from_str(config)[name]) - {"scorer"} <= listed


def test_every_command_of_the_project_exists():
    project = (ROOT / "project.yml").read_text(encoding="utf8")
    called = set(re.findall(r"python -m spacy el4ner ([\w-]+)", project + README))
    assert called <= {command.name for command in app.registered_commands}


def test_every_variable_of_the_project_is_used():
    project = (ROOT / "project.yml").read_text(encoding="utf8")
    head, _, rest = project.partition("directories:")
    variables = set(re.findall(r"^  (\w+):", head.partition("vars:")[2], flags=re.MULTILINE))
    assert variables == set(re.findall(r"\$\{vars\.(\w+)\}", rest))


def test_the_tree_of_the_readme_exists():
    for folder in re.findall(r"^\| `([\w/]+/)`", README, flags=re.MULTILINE):
        assert (ROOT / folder).is_dir(), folder


def test_the_tables_of_the_readme_are_the_measured_ones():
    measured = ROOT / "docs" / "results" / "sample_en"
    metrics = json.loads((measured / "ensemble.json").read_text(encoding="utf8"))
    fusion = json.loads((measured / "fusion.json").read_text(encoding="utf8"))
    assert fusion_table(fusion) in README
    assert main_table(metrics) in README
    assert ablation_table(metrics) in README
    assert metrics["date"] in README


def test_every_score_that_the_readme_tells_is_an_f1_that_was_measured():
    """The tables have a test of their own."""
    told = README.partition("## How good is it")[2].partition("## Where things are")[0]
    text = "\n".join(line for line in told.splitlines() if not line.startswith("|"))
    files = (ROOT / "docs" / "results").glob("*/*.json")
    measured = {f"{n:.3f}" for file in files for n in _f1(json.loads(file.read_text("utf8")))}
    for seeds in (ROOT / "docs" / "results").glob("*/seeds.md"):
        measured |= set(MEAN_F1.findall(seeds.read_text("utf8")))
    scores = set(re.findall(r"\b0\.\d{3}\b", text))
    assert scores
    assert scores <= measured


def test_every_gain_that_the_readme_tells_is_in_a_table_of_seeds():
    tables = (ROOT / "docs" / "results").glob("*/seeds.md")
    measured = " ".join(table.read_text(encoding="utf8") for table in tables)
    gains = re.findall(r"[+-]\d+\.\d+ ± \d+\.\d+", README.replace("−", "-").replace("\n ", ""))
    assert gains
    assert all(f"| {gain} |" in measured for gain in gains)


def _f1(data):
    """The F1 of every row, not of its types: so few that no other number is among them by chance."""
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        if key == "ents_f":
            yield value
        elif key != "ents_per_type":
            yield from _f1(value)
