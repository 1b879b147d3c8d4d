"""The files of voters, with tiny random models of the same classes in place of the named ones."""

from pathlib import Path

import pytest
import spacy
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForCausalLM
from weasel.util.config import load_project_config

from spacy_el4ner.pipeline.default_voters import SMALL
from spacy_el4ner.pipeline.ensemble_setup import read_voters
from tests.bulk.inputs import save_ruler
from tests.tiny import LABELS, save_compact, save_family
from tests.tiny_tokenizers import TEXTS

CONFIGS = Path(__file__).parent.parent / "configs" / "voters"
FAMILY = {
    "THUDM/glm-4-9b-chat-hf": "glm",
    "microsoft/phi-4": "phi4",
    "Qwen/Qwen2.5-14B-Instruct": "qwen2",
    "Qwen/Qwen2.5-1.5B-Instruct": "qwen2",
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": "llama",
    "ibm-granite/granite-3.3-2b-instruct": "granite",
    "smollm2-135m": "llama",
    "gemma3-270m": "gemma3",
}


def tiny(model, folder):
    if model in FAMILY:
        return save_family(folder / FAMILY[model], FAMILY[model])
    return save_compact(folder / Path(model).name, 0)


def save_adapter(model, folder):
    """A LoRA adapter that changes nothing."""
    config = LoraConfig(task_type="CAUSAL_LM", r=2, target_modules="all-linear")
    get_peft_model(AutoModelForCausalLM.from_pretrained(model), config).save_pretrained(folder)


@pytest.mark.filterwarnings("ignore:`is_gradient_checkpointing` is deprecated:FutureWarning")
@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.cfg")), ids=lambda f: f.stem)
def test_a_file_of_voters_makes_a_working_ensemble(file, tmp_path):
    settings = read_voters(file, tmp_path)
    blocks = settings["voters"]
    for name, block in blocks.items():
        if "pipeline" in block:
            block |= {"pipeline": str(save_ruler(tmp_path / name)), "label_map": {"NAME": "PERSON"}}
            continue
        if "names" in block:
            block["names"] = str(tmp_path / "names.jsonl")
            Path(block["names"]).write_text('{"name": "Paris", "label": "GPE"}\n', encoding="utf8")
            continue
        backend = block["backend"]
        backend["model"] = str(tiny(backend["model"], tmp_path))
        if "adapter" in backend:
            assert Path(backend["adapter"]) == tmp_path / name
            save_adapter(backend["model"], tmp_path / name)
    nlp = spacy.blank("en")
    config = {**settings, "labels": LABELS, "on_error": "raise"}
    nlp.add_pipe("llm_ensemble_ner", config=config)
    counts = nlp(TEXTS[0])._.el4ner["counts"]
    assert set(counts["proposed"]) == set(blocks)


def test_the_components_default_is_the_small_ensemble():
    blocks = read_voters(CONFIGS / "small.cfg")["voters"]
    assert {name: block["backend"]["model"] for name, block in blocks.items()} == SMALL


def test_the_project_file_is_valid_and_its_workflows_name_its_commands():
    project = load_project_config(CONFIGS.parent.parent)
    known = {command["name"] for command in project["commands"]}
    for steps in project["workflows"].values():
        assert set(steps) <= known


def test_every_dependency_in_the_project_file_is_one_path():
    commands = load_project_config(CONFIGS.parent.parent)["commands"]
    paths = [path for c in commands for path in (*c.get("deps", ()), *c.get("outputs", ()))]
    assert paths
    assert not any(", " in path for path in paths)
