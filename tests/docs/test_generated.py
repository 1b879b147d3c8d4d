"""The pages that are made from the code are what the code makes."""

import inspect
import re
from pathlib import Path

import generate
import pytest

from spacy_el4ner import errors
from spacy_el4ner.pipeline.ensemble_defaults import DEFAULT_CONFIG as ENSEMBLE
from spacy_el4ner.pipeline.fusion_defaults import DEFAULT_CONFIG as FUSION

DOCS = Path(__file__).parent.parent.parent / "docs"


REGISTERED = list(generate.registered())


@pytest.mark.parametrize("name", list(generate.PAGES))
def test_the_page_is_in_step_with_the_code(name):
    written = (DOCS / name).read_text(encoding="utf8")
    assert written == generate.PAGES[name](), "run `make docs`"


def test_every_message_says_what_to_do():
    page = generate.error_page()
    for kind in (errors.Errors, errors.Warnings):
        for code, _ in generate.messages(kind):
            _, problem, remedy, raised = re.search(
                rf"\| (.*`{code}`) \| (.+) \| (.*) \| (.*) \|", page
            ).groups()
            assert remedy, f"{code} names no remedy: {problem}"
            assert raised


@pytest.mark.parametrize(
    ("name", "config"), [("llm_ensemble_ner", ENSEMBLE), ("slm_llm_fusion", FUSION)]
)
def test_every_setting_of_a_component_has_a_comment(name, config):
    rows = generate.settings(name, config)
    assert len(rows) > 10
    assert [setting for setting, _, comment in rows if not comment] == []


@pytest.mark.parametrize(
    ("registry", "name", "function"),
    REGISTERED,
    # An address in a name would not be the same for several workers.
    ids=[name for _, name, _ in REGISTERED],
)
def test_every_setting_of_a_registered_function_is_described(registry, name, function):
    assert generate.summary(function)
    for parameter in inspect.signature(function).parameters:
        assert generate.explained(function, parameter), f"{name}: {parameter}"
