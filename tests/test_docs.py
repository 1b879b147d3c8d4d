"""README, the pages of figures and project.yml agree with the code and the measurements."""

import json
import re
from configparser import ConfigParser
from pathlib import Path

import pytest
import typer

from spacy_el4ner.cli import app

ROOT = Path(__file__).parent.parent
RESULTS = ROOT / "docs" / "results"
README = (ROOT / "README.md").read_text(encoding="utf8")
PAGES = ("quality", "quality-ensemble", "quality-fusion")
PROJECT = (ROOT / "project.yml").read_text(encoding="utf8")
MEAN_F1 = re.compile(r"^\| [^|]+(?: \| \d\.\d{3} ± \d\.\d{3}){2} \| (\d\.\d{3}) ±", re.MULTILINE)
"""The third figure of a row of means over seeds: precision and recall come before it."""
GENERATED = re.compile(r"<!-- table: .*?<!-- end -->", re.DOTALL)
PROSE = {"README": README} | {
    page: GENERATED.sub("", (ROOT / "docs" / f"{page}.md").read_text(encoding="utf8")) for page in PAGES
}
"""What was written by hand: the generated tables are those of the files."""

SCORE = r"(?<!± )\b0\.\d{3}\b"
SPREAD = r"[+-]?\d+\.\d+ ± \d+\.\d+"


def test_the_readme_is_short_and_its_first_screen_has_the_two_commands():
    lines = README.splitlines()
    assert len(lines) < 200
    assert {"make run", "make test"} <= {line[:9].strip() for line in lines[:30]}


def test_every_command_that_is_named_exists():
    called = set(re.findall(r"python -m spacy el4ner ([\w-]+)", PROJECT + README))
    assert called <= set(typer.main.get_command(app).commands)


def test_every_variable_of_the_project_is_used():
    head, _, rest = PROJECT.partition("directories:")
    variables = set(re.findall(r"^  (\w+):", head.partition("vars:")[2], flags=re.MULTILINE))
    assert variables == set(re.findall(r"\$\{vars\.(\w+)\}", rest))


def test_every_extra_is_described_where_one_installs():
    metadata = ConfigParser()
    metadata.read(ROOT / "setup.cfg", encoding="utf8")
    start = (ROOT / "docs" / "start.md").read_text(encoding="utf8")
    rows = re.findall(r"^\| ((?:`\w+`(?:, )?)+) \|", start, flags=re.MULTILINE)
    described = {extra for row in rows for extra in re.findall(r"`(\w+)`", row)}
    assert set(metadata["options.extras_require"]) <= described


def test_figures_of_prose_are_found():
    written = " ".join(PROSE.values())
    assert len(re.findall(SCORE, written)) > 10
    assert len(re.findall(SPREAD, written)) > 10


@pytest.mark.parametrize("page", PROSE)
def test_every_score_is_an_f1_that_was_measured(page):
    files = RESULTS.rglob("*.json")
    measured = {f"{n:.3f}" for file in files for n in _f1(json.loads(file.read_text("utf8")))}
    for seeds in RESULTS.rglob("seeds.md"):
        measured |= set(MEAN_F1.findall(seeds.read_text("utf8")))
    scores = set(re.findall(SCORE, PROSE[page]))
    assert scores <= measured


@pytest.mark.parametrize("page", PROSE)
def test_every_spread_is_in_a_table_of_seeds(page):
    measured = " ".join(table.read_text(encoding="utf8") for table in RESULTS.rglob("seeds.md"))
    figures = re.findall(SPREAD, PROSE[page].replace("−", "-"))
    assert [figure for figure in figures if f"| {figure} |" not in measured] == []


def test_every_speed_of_the_readme_is_a_ratio_that_was_measured():
    bench = json.loads((RESULTS / "compact" / "sample_en" / "bench.json").read_text(encoding="utf8"))
    ratios = {f"{row['to_constrained']:.2f}" for row in bench["rows"]}
    speeds = re.findall(r"(\d+\.\d+) times", README)
    assert speeds
    assert set(speeds) <= ratios


def _f1(data):
    """The F1 of every row, not of its types: so few that no other number is among them by chance."""
    if not isinstance(data, dict):
        return
    for key, value in data.items():
        if key == "ents_f":
            yield value
        elif key != "ents_per_type":
            yield from _f1(value)
