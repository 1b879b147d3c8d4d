"""The commands that put a tagger and a language model together."""

import json
import re
import shutil

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_el4ner.retrieval.fixed import FixedDemonstrations
from tests.cli.runner import call
from tests.pipeline.taggers import SENTENCES, annotated, trained
from tests.tiny import save_family

NAME = "slm_llm_fusion"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A tagger, a corpus, a language model and an adapter's record."""
    folder = tmp_path_factory.mktemp("fuse")
    nlp = trained(steps=5)
    nlp.to_disk(folder / "tagger")
    docs = DocBin(store_user_data=True)
    for n, line in enumerate(SENTENCES.splitlines()):
        doc = annotated(nlp.vocab, line)
        doc.user_data["id"] = f"doc{n}"
        docs.add(doc)
    (folder / "corpus").mkdir()
    docs.to_disk(folder / "corpus" / "train.spacy")
    save_family(folder / "model", "qwen2")
    return folder


def test_the_pipeline_has_both_models_and_demonstrations(folder):
    done = call("fuse", folder / "tagger", folder / "model", folder / "corpus", folder / "a", "-k", 2)
    assert done.exit_code == 0, done.output
    component = spacy.load(folder / "a").get_pipe(NAME)
    assert component.llm.backend.model == str(folder / "model")
    assert component.cfg["k"] == 2
    assert len(component.pool.entries) == len(SENTENCES.splitlines())


def test_what_fine_tuning_recorded_is_taken_over(folder):
    adapter = folder / "adapter"
    adapter.mkdir()
    plan = {"base": str(folder / "model"), "method": "lora", "template": "compact", "k": 3}
    (adapter / "el4ner.json").write_text(json.dumps({"plan": plan}))
    done = call("fuse", folder / "tagger", adapter, folder / "corpus", folder / "b")
    assert done.exit_code == 0, done.output
    component = spacy.load(folder / "b").get_pipe(NAME)
    assert component.llm.backend.model == str(folder / "model")
    assert component.llm.backend.adapter == str(adapter)
    assert component.llm.template.name == "compact"
    assert component.cfg["k"] == 3


def test_what_is_named_from_the_project_is_found_from_anywhere(folder, tmp_path, monkeypatch):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    plan = {"base": "model", "method": "lora"}
    (adapter / "el4ner.json").write_text(json.dumps({"plan": plan}))
    shutil.copytree(folder / "model", tmp_path / "model")
    monkeypatch.chdir(tmp_path)
    done = call("fuse", folder / "tagger", "adapter", folder / "corpus", "fused")
    assert done.exit_code == 0, done.output
    backend = spacy.load("fused").get_pipe(NAME).llm.backend
    assert (backend.model, backend.adapter) == (str(tmp_path / "model"), str(adapter))
    done = call("fuse", folder / "tagger", "some/model", folder / "corpus", "hub")
    assert done.exit_code == 0, done.output
    assert spacy.load("hub").get_pipe(NAME).llm.backend.model == "some/model"


@pytest.mark.parametrize("method", ["lora", "full"])
def test_a_model_is_asked_as_it_was_fine_tuned(folder, tmp_path, method):
    model = shutil.copytree(folder / "model", tmp_path / "llm")
    plan = {"base": str(folder / "model"), "method": method, "revision": "v2", "max_tokens": 7}
    plan |= {"context": 300, "use_chat_template": False}
    (model / "el4ner.json").write_text(json.dumps({"plan": plan}))
    done = call("fuse", folder / "tagger", model, folder / "corpus", tmp_path / "fused")
    assert done.exit_code == 0, done.output
    llm = spacy.load(tmp_path / "fused").get_pipe(NAME).llm
    assert llm.max_tokens == 7
    assert llm.backend.context == 300
    assert llm.backend.use_chat_template is False
    # It is the base's: what has all of its weights is loaded by itself.
    assert llm.backend.identity["revision"] == ("v2" if method == "lora" else None)


def test_demonstrations_are_the_same_always_where_fine_tuning_had_the_same(folder, tmp_path):
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    plan = {"base": str(folder / "model"), "method": "lora", "demonstrations": "fixed", "seed": 3}
    (adapter / "el4ner.json").write_text(json.dumps({"plan": plan}))
    nlp = trained(steps=1, retriever={"@el4ner_retrievers": "spacy-el4ner.SentenceSimilarity.v1"})
    nlp.to_disk(tmp_path / "tagger")
    done = call("fuse", tmp_path / "tagger", adapter, folder / "corpus", tmp_path / "fused")
    assert done.exit_code == 0, done.output
    component = spacy.load(tmp_path / "fused").get_pipe(NAME)
    assert isinstance(component.retriever, FixedDemonstrations)
    assert component.retriever.seed == 3
    assert len(component.retriever.pool) == len(component.pool.entries) > 0


def test_labels_are_described_as_in_fine_tuning_in_the_order_of_the_tags(folder, tmp_path):
    nlp = spacy.load(folder / "tagger")
    component = nlp.get_pipe(NAME)
    component.cfg["labels"]["ORG"] = "Firms."
    before = component.labels
    nlp.to_disk(tmp_path / "tagger")
    adapter = tmp_path / "adapter"
    adapter.mkdir()
    described = {"PERSON": "Who.", "DATE": "When.", "GPE": "Where: states, cities."}
    plan = {"base": str(folder / "model"), "method": "lora", "labels": described}
    (adapter / "el4ner.json").write_text(json.dumps({"plan": plan}))
    done = call("fuse", tmp_path / "tagger", adapter, folder / "corpus", tmp_path / "fused")
    assert done.exit_code == 0, done.output
    fused = spacy.load(tmp_path / "fused").get_pipe(NAME)
    assert fused.labels == before == ("GPE", "ORG", "PERSON")
    assert fused.cfg["labels"] == {"GPE": described["GPE"], "ORG": "Firms.", "PERSON": "Who."}


@pytest.mark.parametrize("command", ["fuse", "evaluate-fusion"])
def test_a_pipeline_that_is_not_there_is_named(tmp_path, command):
    words = [tmp_path / "none", "model", tmp_path, tmp_path / "out"]
    done = call(command, *(words if command == "fuse" else words[:1] + words[2:]))
    assert done.exit_code == 1
    assert "contains no pipeline" in done.output
    assert not isinstance(done.exception, (FileNotFoundError, OSError))


@pytest.mark.parametrize(("out", "code"), [("slm", "EL121"), ("corpus", "EL121"), ("notes", "EL130")])
def test_nothing_is_lost_for_a_pipeline(folder, tmp_path, out, code):
    shutil.copytree(folder / "tagger", tmp_path / "slm" / "model-best")
    shutil.copytree(folder / "corpus", tmp_path / "corpus")
    (tmp_path / "notes").mkdir()
    (tmp_path / "notes" / "mine.txt").write_text("mine")
    before = sorted(tmp_path.rglob("*"))
    inputs = tmp_path / "slm" / "model-best", folder / "model", tmp_path / "corpus"
    done = call("fuse", *inputs, tmp_path / out)
    assert done.exit_code == 1
    assert code in done.output
    assert sorted(tmp_path.rglob("*")) == before


def test_a_pipeline_of_an_earlier_run_is_replaced(folder, tmp_path):
    for _ in range(2):
        inputs = folder / "tagger", folder / "model", folder / "corpus"
        assert call("fuse", *inputs, tmp_path / "fused").exit_code == 0


def test_no_base_is_made_for_a_model_of_the_hub(folder, tmp_path):
    done = call("base", folder / "corpus", tmp_path / "base", "--for", "some/model")
    assert done.exit_code == 0, done.output
    assert list((tmp_path / "base").iterdir()) == []


def test_entities_of_another_component_are_shown_without_a_confidence(tmp_path):
    nlp = trained()
    nlp.add_pipe("entity_ruler", first=True).add_patterns([{"label": "LAW", "pattern": "the bill"}])
    nlp.to_disk(tmp_path / "tagger")
    (tmp_path / "texts.txt").write_text("Bill paid the bill .\n", encoding="utf-8-sig")
    done = call("show", tmp_path / "tagger", tmp_path / "texts.txt")
    assert done.exit_code == 0, done.output
    assert re.search(r"the bill +LAW +– +–", done.output)
    assert "\ufeff" not in done.output


def test_entities_of_a_fusion_are_shown_with_whose_they_are(folder, tmp_path):
    texts = tmp_path / "texts.txt"
    texts.write_text("Bill paid the bill in Paris .\n", encoding="utf8")
    nlp = trained()
    nlp.to_disk(tmp_path / "tagger")
    done = call("show", tmp_path / "tagger", texts)
    assert done.exit_code == 0, done.output
    assert "Paris" in done.output
    assert "tagger" in done.output
