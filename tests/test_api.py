"""The public API: complete for the examples, and documented."""

import ast
import inspect
from pathlib import Path

import pytest

from spacy_el4ner import api

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(EXAMPLES.rglob("*.py"))


def imported(path):
    """Modules of the package that a script imports."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf8"))):
        names = [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        names += [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        yield from (name for name in names if name.split(".")[0] == "spacy_el4ner")


@pytest.mark.parametrize("path", SCRIPTS, ids=lambda path: path.name)
def test_the_examples_need_nothing_else(path):
    assert set(imported(path)) <= {"spacy_el4ner.api"}


def test_there_are_examples_that_import_it():
    assert sum(bool(list(imported(path))) for path in SCRIPTS) >= 8


def test_what_is_exported_is_what_is_imported():
    public = {name for name in vars(api) if not name.startswith("_")}
    assert public == set(api.__all__)
    assert api.__all__ == sorted(api.__all__)


def test_everything_exported_is_documented():
    kinds = [getattr(api, name) for name in api.__all__]
    assert [kind for kind in kinds if inspect.isclass(kind) and not inspect.getdoc(kind)] == []
