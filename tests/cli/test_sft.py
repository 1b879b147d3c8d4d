"""The commands `base` and `sft`, on a tiny corpus."""

import json

import pytest
from spacy.tokens import DocBin

from spacy_el4ner import minilm
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.fusion.tagging_llm import TaggingLLM
from tests.cli.runner import call, run
from tests.strategies import sentence
from tests.tiny import save_family
from tests.training.corpus import LABELS, docs

CHEAP = ("--template", "compact", "-k", 0, "--epochs", 1, "--max-tokens", 4, "--batch-size", 16)


@pytest.fixture(scope="module")
def corpus(tmp_path_factory):
    folder = tmp_path_factory.mktemp("corpus")
    for split in ("train", "dev"):
        DocBin(docs=docs()[:6], store_user_data=True).to_disk(folder / f"{split}.spacy")
    return folder


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return save_family(tmp_path_factory.mktemp("model"), "qwen2")


def reads(backend):
    (reading,) = TaggingLLM(backend, "compact").read(
        [sentence("Ann left Paris")], [[]], dict.fromkeys(LABELS, "")
    )
    return not reading.error


def test_an_adapter_is_made_for_a_model(corpus, model, tmp_path):
    out = tmp_path / "adapter"
    output = run("sft", model, corpus, out, *CHEAP, "--rank", 2)
    assert "loss on dev" in output
    assert reads(HFBackend(str(model), adapter=str(out)))
    assert json.loads((out / "el4ner.json").read_text())["plan"]["rank"] == 2


def test_a_model_of_other_settings_is_replaced_where_that_is_said(corpus, model, tmp_path):
    out = tmp_path / "adapter"
    run("sft", model, corpus, out, *CHEAP, "--rank", 2, "--no-dev")
    other = ("sft", model, corpus, out, *CHEAP, "--rank", 3, "--no-dev")
    assert "--overwrite" in call(*other).output
    run(*other, "--overwrite")
    assert json.loads((out / "el4ner.json").read_text())["plan"]["rank"] == 3


def test_a_model_does_not_replace_what_it_is_made_from(corpus, model):
    for out in (model, corpus):
        result = call("sft", model, corpus, out, *CHEAP, "--overwrite")
        assert result.exit_code == 1
        assert "EL121" in result.output


def test_a_base_is_made_and_all_of_it_trained(corpus, tmp_path):
    base, out = tmp_path / "base", tmp_path / "model"
    run("base", corpus, base, "--kind", "characters", "--drills", 8, "--sentences", 1)
    output = run("sft", base, corpus, out, *CHEAP, "--full", "--loss", "allowed", "--no-dev")
    assert "loss on dev" not in output
    assert reads(HFBackend(str(out)))


@pytest.mark.skipif(not minilm.installed(), reason="needs the extra 'offline'")
def test_a_base_for_words_is_made_from_the_backbone_that_is_there(corpus, tmp_path):
    backbone = tmp_path / "ready" / "marked" / "model.safetensors"
    there = ("--kind", "minilm", "--backbones", tmp_path / "ready", "--scale", 1e-9)
    run("base", corpus, tmp_path / "one", *there)
    before = backbone.stat().st_mtime_ns
    run("base", corpus, tmp_path / "other", *there)
    assert backbone.stat().st_mtime_ns == before
    assert not (tmp_path / "backbones").exists()
    assert (tmp_path / "other" / "model.safetensors").is_file()


def test_an_unknown_kind_of_base_is_refused(corpus, tmp_path):
    result = call("base", corpus, tmp_path / "base", "--kind", "nonsense")
    assert result.exit_code == 1
    assert "EL010" in result.output
    assert "nonsense" in result.output
    assert "Traceback" not in result.output


def test_types_and_descriptions_come_from_a_file(corpus, model, tmp_path):
    labels = tmp_path / "labels.json"
    labels.write_text(json.dumps({"PERSON": "people"}))
    run("sft", model, corpus, tmp_path / "out", *CHEAP, "--labels", labels, "--no-dev")
    record = json.loads((tmp_path / "out" / "el4ner.json").read_text())
    assert record["plan"]["labels"] == {"PERSON": "people"}


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        (("--loss", "nonsense"), "EL010"),
        (("--template", "klingon"), "EL050"),
        (("--labels", "nowhere.json"), "nowhere.json"),
    ],
)
def test_a_mistake_is_said_without_a_traceback(corpus, model, tmp_path, wrong, message):
    result = call("sft", model, corpus, tmp_path / "out", *CHEAP, *wrong)
    assert result.exit_code == 1
    assert message in result.output
    assert "Traceback" not in result.output


@pytest.mark.parametrize("command", ["base", "sft"])
def test_a_corpus_that_is_not_there_is_named(command, model, tmp_path):
    before = (model,) if command == "sft" else ()
    result = call(command, *before, tmp_path / "nowhere", tmp_path / "out")
    assert result.exit_code == 1
    assert "train.spacy" in result.output


def test_a_file_sets_what_is_not_said(corpus, model, tmp_path):
    config, out = tmp_path / "sft.cfg", tmp_path / "adapter"
    config.write_text('[sft]\ntemplate = "compact"\nk = 0\nmax_tokens = 4\nrank = 2\nepochs = 9\n')
    run("sft", model, corpus, out, "--config", config, "--epochs", 1)
    plan = json.loads((out / "el4ner.json").read_text())["plan"]
    assert (plan["template"], plan["k"], plan["rank"], plan["epochs"]) == ("compact", 0, 2, 1)


def test_a_file_with_unknown_settings_is_refused(corpus, tmp_path):
    config = tmp_path / "sft.cfg"
    config.write_text("[sft]\nranks = 2\n")
    result = call("sft", "any", corpus, tmp_path / "out", "--config", config)
    assert result.exit_code == 2
    assert "ranks" in result.output


@pytest.mark.parametrize("lang", ["en", "zh"])
def test_the_project_s_files_are_known_settings(corpus, lang, tmp_path):
    absent = tmp_path / "absent"
    result = call("sft", "any", absent, tmp_path / "out", "--config", f"configs/sft_{lang}.cfg")
    assert "train.spacy" in result.output
    assert result.exit_code == 1
