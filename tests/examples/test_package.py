"""The example package is whole: each file shown in the documentation, each with its entry point."""

import configparser
import importlib.metadata

import pytest

from tests.docs.blocks import blocks
from tests.examples.conftest import PACKAGE

PAGE = PACKAGE.parent.parent / "docs" / "contributing.md"
MODULES = sorted(path for path in PACKAGE.glob("el4ner_plugins/**/*.py") if path.name != "__init__.py")


def entry_points():
    """Group and value of each entry point of the package."""
    config = configparser.ConfigParser(delimiters=("=",))
    config.read(PACKAGE / "setup.cfg", encoding="utf8")
    return [
        (group, line.partition("=")[2].strip())
        for group, lines in config["options.entry_points"].items()
        for line in lines.strip().splitlines()
    ]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_the_documentation_shows_the_file(module):
    text = module.read_text(encoding="utf8")
    title = text.splitlines()[0]
    shown = [b.text for b in blocks(PAGE) if b.kind == "python" and b.text.startswith(title)]
    assert shown == [text]


@pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)
def test_the_file_has_an_entry_point(module):
    name = ".".join(module.relative_to(PACKAGE).with_suffix("").parts)
    assert any(value.startswith(f"{name}:") for _, value in entry_points())


@pytest.mark.parametrize(("group", "value"), entry_points(), ids=lambda text: text)
def test_the_entry_point_is_installed_in_a_registry_of_the_package(group, value, plugins):
    (installed,) = importlib.metadata.distributions(path=[str(plugins)])
    assert value in [entry.value for entry in installed.entry_points.select(group=group)]
    assert group.startswith("spacy_el4ner_")
