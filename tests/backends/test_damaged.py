"""Folders of models in which something is missing or of another model: nothing answers at random."""

import json
import shutil

import pytest
from safetensors.torch import load_file, save_file
from transformers import AutoModelForCausalLM

from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.types import DecodeRequest, Prompt
from tests.strategies import sentence
from tests.tiny import save_family

WINDOW = sentence("Bill left Paris .")
REQUEST = DecodeRequest(Prompt("", WINDOW.text, " mark :"), InlineTags().grammar(WINDOW))


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    """A model in several files."""
    folder = tmp_path_factory.mktemp("whole")
    one = save_family(folder / "one", "compact")
    shutil.copytree(one, folder / "many")
    (folder / "many" / "model.safetensors").unlink()
    model = AutoModelForCausalLM.from_pretrained(one)
    model.save_pretrained(folder / "many", max_shard_size="30KB")
    save_family(folder / "other", "qwen2")
    return folder


def shards(folder):
    return sorted(folder.glob("model-*.safetensors"))


def missing_shard(folder, _):
    shards(folder)[1].unlink()
    return "model-00002-of-"


def half_a_shard(folder, _):
    path = shards(folder)[0]
    path.write_bytes(path.read_bytes()[:-50])
    return "damaged"


def empty_shard(folder, _):
    shards(folder)[0].write_bytes(b"")
    return "damaged"


def missing_weight(folder, _):
    path = shards(folder)[0]
    weights = load_file(path)
    name = sorted(weights)[0]
    del weights[name]
    save_file(weights, path, {"format": "pt"})
    return name


def no_weights(folder, _):
    for path in folder.glob("model*"):
        path.unlink()
    return "could not be loaded"


def no_tokenizer(folder, _):
    for path in folder.glob("*token*"):
        path.unlink()
    return "no tokenizer"


def damaged_tokenizer(folder, _):
    (folder / "tokenizer.json").write_text("{}")
    return "could not be loaded"


def damaged_config(folder, _):
    (folder / "config.json").write_text("{")
    return "could not be loaded"


def other_vocabulary_size(folder, _):
    config = json.loads((folder / "config.json").read_text())
    config["vocab_size"] += 7
    (folder / "config.json").write_text(json.dumps(config))
    return "weights of the model"


def tokenizer_of_another_model(folder, other):
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copy(other / name, folder / name)
    return "tokenizer of the model"


@pytest.mark.filterwarnings("ignore::UserWarning")
@pytest.mark.parametrize(
    ("damage", "code"),
    [
        (missing_shard, "EL114"),
        (half_a_shard, "EL114"),
        (empty_shard, "EL114"),
        (missing_weight, "EL114"),
        (no_weights, "EL006"),
        (no_tokenizer, "EL114"),
        (damaged_tokenizer, "EL006"),
        (damaged_config, "EL006"),
        (other_vocabulary_size, "EL115"),
        (tokenizer_of_another_model, "EL116"),
    ],
)
def test_it_is_refused_by_name_and_with_a_remedy(whole, tmp_path, damage, code):
    folder = tmp_path / "model"
    shutil.copytree(whole / "many", folder)
    assert HFBackend(str(folder)).decode([REQUEST])[0].text
    named = damage(folder, whole / "other")
    with pytest.raises(ValueError, match=rf"(?s)\[{code}\].*") as error:
        HFBackend(str(folder)).decode([REQUEST])
    assert named in str(error.value)
    assert str(folder) in str(error.value)
