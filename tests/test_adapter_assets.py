"""The stored adapters give the answers that were recorded when they were made.

`python -m tests.test_adapter_assets` records them again.
"""

import json
from pathlib import Path

import pytest

from spacy_el4ner import catalogue
from spacy_el4ner.errors import EL4NERError
from spacy_el4ner.pipeline.ensemble_setup import make_ensemble, read_voters
from spacy_el4ner.storage.model_record import record_of

ASSETS = Path(__file__).parent.parent / "assets"
STORED = ASSETS / "adapters"
VOTERS = ASSETS.parent / "configs" / "voters" / "adapters.cfg"
TEXTS = (ASSETS / "texts_en.txt").read_text(encoding="utf8").splitlines()
NAMES = sorted(path.parent.name for path in STORED.glob("*/adapter_model.safetensors"))
MEGABYTES = 10


def answers(name, base):
    """The entities of each sample text, with their confidences, by one voter alone, in float32: which
    other type is fast depends on the processor.
    """
    voters = {name: read_voters(VOTERS, STORED, base)["voters"][name]}
    voters[name]["backend"]["dtype"] = "float32"
    labels = record_of(STORED / name)["plan"]["labels"]
    nlp = make_ensemble(VOTERS, backbones=STORED, base=base, voters=voters, labels=labels)
    return [
        [[ent.start_char, ent.end_char, ent.label_, round(ent._.confidence, 3)] for ent in doc.ents]
        for doc in nlp.pipe(TEXTS)
    ]


def test_there_is_one_for_each_voter():
    assert sorted(read_voters(VOTERS)["voters"]) == NAMES


@pytest.mark.parametrize("name", NAMES)
def test_a_stored_adapter_is_small_and_says_what_it_was_made_from(name):
    folder = STORED / name
    assert (folder / "adapter_model.safetensors").stat().st_size < MEGABYTES * 10**6
    plan = record_of(folder)["plan"]
    assert {"seed", "data_sha256", "template", "rank"} <= set(plan)
    config = json.loads((folder / "adapter_config.json").read_text(encoding="utf8"))
    assert plan["base"] == config["base_model_name_or_path"] == "smollm2-135m"
    assert plan["template"] == read_voters(VOTERS)["voters"][name]["template"]


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
def test_the_base_with_a_stored_adapter_gives_the_recorded_answers(name):
    try:
        base = catalogue.fetch("smollm2-135m", gguf=True)
    except EL4NERError as error:
        pytest.skip(f"SmolLM2-135M is not in the cache and cannot be fetched: {error}")
    recorded = json.loads((STORED / name / "answers.json").read_text(encoding="utf8"))
    found = answers(name, str(base))
    assert [[e[:3] for e in one] for one in found] == [[e[:3] for e in one] for one in recorded]
    for one, other in zip(found, recorded, strict=True):
        assert [e[3] for e in one] == pytest.approx([e[3] for e in other], abs=0.02)


if __name__ == "__main__":
    base = str(catalogue.fetch("smollm2-135m", gguf=True))
    for name in NAMES:
        found = json.dumps(answers(name, base), indent=1)
        (STORED / name / "answers.json").write_text(found + "\n", encoding="utf8")
