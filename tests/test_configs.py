"""The backbones files, with tiny random models of the same classes in place of the named ones."""

from pathlib import Path

import pytest
import spacy
from weasel.util.config import load_project_config

from spacy_el4ner.cli.options import read_ensemble
from spacy_el4ner.pipeline.defaults import SMALL
from tests.tiny import LABELS, TEXTS, save_compact, save_family

CONFIGS = Path(__file__).parent.parent / "configs" / "backbones"
FAMILY = {
    "THUDM/glm-4-9b-chat-hf": "glm",
    "microsoft/phi-4": "phi4",
    "Qwen/Qwen2.5-14B-Instruct": "qwen2",
    "Qwen/Qwen2.5-1.5B-Instruct": "qwen2",
    "HuggingFaceTB/SmolLM2-1.7B-Instruct": "llama",
    "ibm-granite/granite-3.3-2b-instruct": "granite",
}


def tiny(model, folder):
    if model in FAMILY:
        return save_family(folder / FAMILY[model], FAMILY[model])
    return save_compact(folder / Path(model).name, 0)


@pytest.mark.parametrize("file", sorted(CONFIGS.glob("*.cfg")), ids=lambda f: f.stem)
def test_a_backbones_file_makes_a_working_ensemble(file, tmp_path):
    settings = read_ensemble(file, tmp_path)
    blocks = settings["backbones"]
    for block in blocks.values():
        block["backend"]["model"] = str(tiny(block["backend"]["model"], tmp_path))
    nlp = spacy.blank("en")
    config = {**settings, "labels": LABELS, "on_error": "raise"}
    nlp.add_pipe("llm_ensemble_ner", config=config)
    counts = nlp(TEXTS[0])._.el4ner["counts"]
    assert set(counts["proposed"]) == set(blocks)
    assert len(blocks) == 3


def test_the_components_default_is_the_small_ensemble():
    blocks = read_ensemble(CONFIGS / "small.cfg", None)["backbones"]
    assert {name: block["backend"]["model"] for name, block in blocks.items()} == SMALL


def test_the_project_file_is_valid_and_its_workflows_name_its_commands():
    project = load_project_config(CONFIGS.parent.parent)
    known = {command["name"] for command in project["commands"]}
    for steps in project["workflows"].values():
        assert set(steps) <= known
