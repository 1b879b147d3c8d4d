"""What is said about the project in several files is the same in all of them."""

from configparser import ConfigParser
from pathlib import Path

import yaml

import spacy_el4ner

ROOT = Path(__file__).parent.parent
CITATION = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf8"))
METADATA = ConfigParser()
METADATA.read(ROOT / "setup.cfg", encoding="utf8")


def test_the_citation_is_of_this_version_and_licence():
    assert CITATION["version"] == spacy_el4ner.__version__
    assert CITATION["license"] == METADATA["metadata"]["license"]
    assert [author["name"] for author in CITATION["authors"]] == [METADATA["metadata"]["author"]]


def test_the_description_is_the_same_everywhere():
    description = METADATA["metadata"]["description"]
    assert spacy_el4ner.__doc__ == f"{description}."
    assert CITATION["title"].casefold() == f"spacy-el4ner: {description}".casefold()


def test_both_papers_are_cited_with_titles_that_the_documentation_gives():
    methods = " ".join((ROOT / "docs" / "methods.md").read_text(encoding="utf8").split())
    assert len(CITATION["references"]) == 2
    for paper in CITATION["references"]:
        assert paper["title"].partition(":")[0] in methods
