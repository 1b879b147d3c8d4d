"""Published corpora, where they are at hand."""

from pathlib import Path

import pytest

from spacy_el4ner.corpora import ConversionReport, read_docs
from spacy_el4ner.corpora import report as reasons
from tests.corpora.reading import NLP

DATA = Path(__file__).parents[2].parent / "shared" / "data"


@pytest.mark.parametrize(
    "name",
    [
        "evahan2025/trainset_A.txt",
        "evahan2025/trainset_B.txt",
        "wnut17/train.conll",
        "wnut17/dev.conll",
        "wnut17/test.conll",
        "crossner/politics/train.txt",
        "crossner/politics/dev.txt",
        "crossner/politics/test.txt",
    ],
)
def test_published_corpora_lose_no_character(name: str) -> None:
    path = DATA / name
    if not path.is_file():
        pytest.skip(f"{path} is not here: it is for measuring, and no part of the project")
    lines = path.read_text(encoding="utf-8").split("\n")
    tokens = [line.lstrip("\ufeff").split("\t")[0] for line in lines]
    tags = [line.split("\t")[-1] for line in lines]
    report = ConversionReport()
    docs = read_docs(path, nlp=NLP, report=report)
    assert [token.text for doc in docs for token in doc] == [token for token in tokens if token]
    begun = sum(tag.startswith(("B-", "S-")) for tag in tags)
    assert report.entities == begun + report.repairs.get(reasons.UNBEGUN, 0)
