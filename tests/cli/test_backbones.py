"""The command `backbones` for adapters, and `index` with them, on a tiny corpus."""

from pathlib import Path

import pytest
import spacy
from spacy.tokens import DocBin
from spacy.vocab import Vocab

from spacy_el4ner.tuning.run import tune
from tests.cli.runner import run
from tests.tiny import save_family
from tests.training.corpus import docs

ADAPTERS = Path(__file__).parents[2] / "configs" / "voters" / "adapters.cfg"
CHEAP = ("--rank", 2, "--epochs", 0.4, "--batch-size", 4)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """A corpus, a model, and a folder with the three adapters that the command made."""
    folder = tmp_path_factory.mktemp("adapters")
    (folder / "corpus").mkdir()
    for split in ("train", "dev"):
        file = folder / "corpus" / f"{split}.spacy"
        DocBin(docs=docs()[:6], store_user_data=True).to_disk(file)
    save_family(folder / "model", "llama")
    output = run(
        "backbones", ADAPTERS, folder / "corpus", folder / "out", "--base", folder / "model", *CHEAP
    )
    return folder, output


def test_an_adapter_is_made_for_each_voter(made):
    folder, output = made
    for name in ("first", "second", "third"):
        assert (folder / "out" / name / "adapter_model.safetensors").is_file()
    assert " ".join(output.split()).count("loss on dev") == 3


def test_one_voter_can_be_trained_alone(made, tmp_path):
    folder, _ = made
    arguments = ("--base", folder / "model", *CHEAP, "--only", "second")
    run("backbones", ADAPTERS, folder / "corpus", tmp_path, *arguments)
    first, second = (
        (out / "second" / "adapter_model.safetensors").read_bytes()
        for out in (tmp_path, folder / "out")
    )
    assert first == second
    assert [path.name for path in tmp_path.iterdir()] == ["second"]


def test_the_pipeline_of_the_adapters_has_the_settings_of_the_file(made, tmp_path):
    folder, _ = made
    arguments = ("--models", folder / "out", "--base", folder / "model")
    run("index", ADAPTERS, folder / "corpus", tmp_path / "pipeline", *arguments)
    component = spacy.load(tmp_path / "pipeline").get_pipe("llm_ensemble_ner")
    assert component.cfg["k"] == 0


def test_the_pipeline_is_tuned_on_the_dev_split_before_the_pool(made, tmp_path, monkeypatch):
    folder, _ = made
    texts = []

    def recording(nlp, docs, **settings):
        texts.extend(doc.text for doc in docs)
        return tune(nlp, docs, **settings)

    monkeypatch.setattr("spacy_el4ner.tuning.run.tune", recording)
    arguments = ("--models", folder / "out", "--base", folder / "model", "--minutes", 0)
    run("index", ADAPTERS, folder / "corpus", tmp_path / "pipeline", *arguments)
    dev = DocBin().from_disk(folder / "corpus" / "dev.spacy").get_docs(Vocab())
    assert texts == [doc.text for doc in dev]


def test_there_is_nothing_to_train_where_no_voter_is_in_the_folder(made, tmp_path):
    folder, _ = made
    config = ADAPTERS.with_name("small.cfg")
    output = run("backbones", config, folder / "corpus", tmp_path / "out")
    assert "nothing to train" in output
