from configparser import ConfigParser
from pathlib import Path

import pytest
import spacy

from spacy_el4ner.registry import registry

CONFIG = ConfigParser(delimiters=("=",))
CONFIG.optionxform = str
CONFIG.read(Path(__file__).parent.parent / "setup.cfg", encoding="utf8")


def entry_points():
    section = CONFIG["options.entry_points"]
    for group in section:
        for line in section[group].strip().splitlines():
            yield group.removeprefix("spacy_"), line.partition("=")[0].strip()


@pytest.mark.parametrize(("name", "key"), list(entry_points()), ids=lambda x: x)
def test_every_entry_point_resolves(name, key):
    if name == "span_getters":
        pytest.importorskip("spacy_transformers")  # has this registry
    if name == "factories":
        assert spacy.blank("en").has_factory(key)
    elif name == "el4ner_languages":
        assert registry.get(name, key).code == key
    else:
        assert callable(registry.get(name, key))


def test_names_are_versioned():
    for name, key in entry_points():
        if name not in ("factories", "cli", "el4ner_languages"):
            assert key.startswith("spacy-el4ner.")
            assert key.endswith(".v1")
