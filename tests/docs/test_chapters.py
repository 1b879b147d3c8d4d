"""Every Python block and every command of the documentation runs, in a project of tiny models."""

import re
import shlex
import shutil
import tomllib
import warnings
from collections import Counter
from pathlib import Path

import pytest
from spacy.cli._util import app as spacy_app
from typer.testing import CliRunner

from tests.docs import project
from tests.docs.blocks import READ, RUN, agrees, blocks, commands, run

DOCS = project.ROOT / "docs"
CHAPTERS = sorted(page for page in DOCS.glob("*.md") if page.name not in ("reference.md", "errors.md"))
MARKDOWN = [*CHAPTERS, project.ROOT / "README.md"]
# What the front page shows and the tests here do not run, by a part of it.
README_NOT_RUN = {
    "make run": "it takes ten minutes",
    "pip install": "it installs packages",
}


@pytest.fixture(scope="session")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        project.make(folder)
    return folder


@pytest.fixture
def place(made, tmp_path, monkeypatch):
    """A copy of the project, as the current folder."""
    folder = tmp_path / "project"
    shutil.copytree(made, folder, symlinks=True)
    monkeypatch.chdir(folder)
    monkeypatch.syspath_prepend(folder / project.INSTALLED)
    return folder


def found(page):
    """The blocks of a page, those of the front page with the reasons that it cannot give."""
    everything = blocks(page)
    if page.name == "README.md" and page.parent != DOCS:
        for block in everything:
            reasons = (why for part, why in README_NOT_RUN.items() if part in block.text)
            block.not_run = block.not_run or next(reasons, "")
    return everything


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: f"{page.parent.name}/{page.name}")
@pytest.mark.slow
def test_the_blocks_of_a_page_run(page, place):
    names = {"__name__": "page", "__file__": str(page), "examples": project.examples()}
    for block in found(page):
        block.text = project.smaller(block.text)
        if block.file:
            Path(block.file).write_text(block.text, encoding="utf8")
        if block.is_run:
            printed = run(block, names)
            if block.expected is not None:
                where = f"{page.name}, line {block.line}"
                assert agrees(block.expected, printed), f"{where} prints:\n{printed}"


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_no_block_is_of_a_kind_that_nothing_is_known_of(page):
    assert {block.kind for block in blocks(page)} <= {*RUN, *READ}


def test_most_blocks_run(capsys):
    counts = Counter()
    for page in MARKDOWN:
        for block in found(page):
            if block.kind in RUN:
                counts["run" if block.is_run else f"not run: {block.not_run}"] += 1
    with capsys.disabled():
        print(*(f"\n{n:4} blocks {what}" for what, n in counts.most_common()))
    assert counts["run"] > 0.7 * counts.total()


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_commands_that_are_not_run_are_there_with_these_options(page):
    for block in found(page):
        if block.kind == "bash" and block.not_run:
            for line in commands(block.text):
                _, at, words = line.partition("python -m spacy ")
                if at:
                    assert _is_known(words), line


def _is_known(words):
    """Its help is printed after the parser has gone through its options."""
    return CliRunner().invoke(spacy_app, [*shlex.split(words), "--help"]).exit_code == 0


@pytest.mark.parametrize("words", ["el4ner evaluat a b c", "el4ner table a.json out.md --new"])
def test_a_command_that_is_not_there_would_be_noticed(words):
    assert not _is_known(words)


@pytest.mark.parametrize("page", MARKDOWN, ids=lambda page: f"{page.parent.name}/{page.name}")
def test_links_lead_somewhere(page):
    prose = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf8"), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if target.startswith(("http:", "https:")):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path) if path else page
        assert linked.exists(), target
        if anchor:
            assert anchor in _anchors(linked), target


def _anchors(page):
    """As code-hosting sites make them of headings."""
    text = page.read_text(encoding="utf8")
    headings = re.findall(r"^#+ (.+)$", text, flags=re.MULTILINE)
    made = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    return made | set(re.findall(r"<a id='([^']+)'>", text))


def test_the_layers_of_the_house_are_those_that_imports_are_held_to():
    project_file = (project.ROOT / "pyproject.toml").read_text(encoding="utf8")
    (contract,) = tomllib.loads(project_file)["tool"]["importlinter"]["contracts"]
    layers = [re.findall(r"spacy_el4ner\.(\w+)", layer) for layer in contract["layers"]]
    (house,) = (b.text for b in blocks(DOCS / "contributing.md") if b.text.startswith("api"))
    assert [
        re.split(r"\s{3,}", line)[: len(layer)]
        for line, layer in zip(house.splitlines(), layers, strict=True)
    ] == layers


def test_the_index_names_every_chapter():
    index = (DOCS / "README.md").read_text(encoding="utf8")
    assert [page.name for page in DOCS.glob("*.md") if f"]({page.name})" not in index] == ["README.md"]
