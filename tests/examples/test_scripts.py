"""The example scripts run, with tiny models."""

import runpy
import sys
from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin

from tests.pipeline.ensembles import blocks
from tests.pipeline.taggers import SENTENCES, annotated, trained
from tests.tiny import save_compact

EXAMPLES = Path(__file__).parent.parent.parent / "examples"
RANDOM = "spacy-el4ner.RandomDemonstrations.v1"


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    """A folder with three splits of a dozen sentences."""
    folder = tmp_path_factory.mktemp("corpus")
    vocab = spacy.blank("en").vocab
    docs = [annotated(vocab, line) for line in SENTENCES.splitlines()]
    for split in ("train", "dev", "test"):
        DocBin(docs=docs, store_user_data=True).to_disk(folder / f"{split}.spacy")
    return folder


@pytest.fixture(scope="module")
def tagger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("tagger")
    trained().to_disk(folder)
    return folder


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs a script with arguments and returns what it prints."""

    def call(name, *arguments):
        monkeypatch.setattr(sys, "argv", [name, *map(str, arguments)])
        runpy.run_path(str(EXAMPLES / name), run_name="__main__")
        return capsys.readouterr().out

    return call


def test_the_ensemble_is_built_explained_and_measured(run, corpus, tmp_path):
    models = [save_compact(tmp_path / str(seed), seed) for seed in range(2)]
    settings = {"voters": blocks(models), "retriever": {"@el4ner_retrievers": RANDOM}}
    spacy.util.Config(settings).to_disk(tmp_path / "tiny.cfg")
    printed = run("ensemble.py", tmp_path / "tiny.cfg", corpus)
    assert "'windows': 1" in printed
    assert "ents_f " in printed


def test_the_fusion_is_combined_calibrated_and_saved(run, corpus, tagger, tmp_path):
    printed = run("fusion.py", tagger, save_compact(tmp_path / "llm", 0), corpus, tmp_path / "out")
    assert "rule: " in printed
    assert spacy.load(tmp_path / "out").get_pipe("slm_llm_fusion").llm is not None


@pytest.mark.filterwarnings("ignore:.*WL003")  # without demonstrations
def test_servers_are_measured_one_by_one_and_together(run):
    *rows, total, together = (line.rsplit(maxsplit=2) for line in run("servers.py").splitlines()[1:])
    assert len(rows) == 3
    assert total[1] == together[1]  # the same requests
    assert total[1] == str(sum(int(requests) for _, requests, _ in rows))
