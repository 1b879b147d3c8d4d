"""The simulation of labelling as a command."""

import json

import pytest
from spacy.tokens import DocBin

from tests.cli.runner import call, run
from tests.html_report.documents import doc

NAMES = ("Ann", "Bill", "Carl", "Dora", "Emil", "Fay")
SETTINGS = ("--members", 2, "--updates", 15, "--epochs", 1, "--seeds", 1, "--batch", 4)


@pytest.fixture
def corpus(tmp_path):
    docs = [doc(f"{name} Lee left.", (f"{name} Lee", "PERSON")) for name in NAMES]
    DocBin(docs=docs).to_disk(tmp_path / "train.spacy")
    DocBin(docs=docs[:2]).to_disk(tmp_path / "test.spacy")
    return tmp_path


def test_the_record_has_what_each_strategy_needs(corpus):
    out = corpus / "labels.json"
    said = run("active-learning", corpus, out, *SETTINGS, "--strategies", "value,random", "--start", 2)
    record = json.loads(out.read_text(encoding="utf8"))
    assert set(record["labels_for_95"]) == set(record["tokens_for_95"]) == {"value", "random"}
    assert record["committee"] == {"members": 2, "epochs": 1, "updates": 15}
    assert "| value |" in said
    assert [path.name for path in corpus.glob("*.unfinished")] == []


def test_mistakes_are_told_before_the_work(corpus):
    out = corpus / "labels.json"
    for arguments, said in (
        ((corpus, out, "--strategies", "best"), "EL010"),
        ((corpus / "nowhere", out), "nowhere"),
        ((corpus, out, "--start", 6), "EL374"),
    ):
        result = call("active-learning", *arguments, *SETTINGS)
        assert result.exit_code == 1
        assert said in result.output
        assert not out.exists()
