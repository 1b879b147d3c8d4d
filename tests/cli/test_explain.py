import json
from functools import partial

import pytest
import spacy

from tests.cli.runner import call
from tests.pipeline.ensembles import pipeline
from tests.pipeline.taggers import trained
from tests.tiny import save_compact
from tests.tiny_tokenizers import TEXTS


@pytest.fixture(scope="module")
def ensemble(tmp_path_factory):
    folder = tmp_path_factory.mktemp("ensemble")
    nlp = pipeline([save_compact(folder / str(seed), seed) for seed in range(2)])
    nlp.to_disk(folder / "pipeline")
    return folder / "pipeline"


@pytest.fixture(scope="module")
def fusion(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fusion")
    backend = {
        "@el4ner_backends": "spacy-el4ner.HFBackend.v1",
        "model": str(save_compact(folder / "llm", 0)),
    }
    llm = {"@el4ner_llms": "spacy-el4ner.TaggingLLM.v1", "backend": backend, "template": "compact"}
    trained(llm=llm, k=2).to_disk(folder / "pipeline")
    return folder / "pipeline"


explain = partial(call, "explain")


def test_it_explains_in_the_terminal(ensemble):
    result = explain(ensemble, TEXTS[0])
    assert result.exit_code == 0
    assert TEXTS[0] in result.output
    assert "5. Result" in result.output


def test_json_is_all_that_is_printed(ensemble):
    result = explain(ensemble, TEXTS[0], "--json")
    assert result.exit_code == 0
    assert json.loads(result.output)["text"] == TEXTS[0]


def test_html_is_written(ensemble, tmp_path):
    result = explain(ensemble, TEXTS[0], "--html", tmp_path / "deep" / "page.html")
    assert result.exit_code == 0
    assert TEXTS[0].split()[-1] in (tmp_path / "deep" / "page.html").read_text(encoding="utf8")


def test_a_fusion_is_explained_in_each_way(fusion, tmp_path):
    result = explain(fusion, TEXTS[0])
    assert result.exit_code == 0, result.output
    assert "5. Where they disagree" in result.output
    data = json.loads(explain(fusion, TEXTS[0], "--json").output)
    assert data["models"]["llm"] == str(fusion.parent / "llm")
    assert data["windows"][0]["asked"]
    assert data["windows"][0]["answer"]["error"] == ""
    assert explain(fusion, TEXTS[0], "--html", tmp_path / "page.html").exit_code == 0
    assert "language model" in (tmp_path / "page.html").read_text(encoding="utf8")


def test_mistakes_are_told_without_a_traceback(ensemble, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    for arguments, said in (
        ((tmp_path / "nowhere", "Ann left."), "nowhere"),
        ((tmp_path / "blank", "Ann left."), "EL014"),
        ((ensemble, "  "), "EL075"),
    ):
        result = explain(*arguments)
        assert result.exit_code == 1
        assert isinstance(result.exception, SystemExit)
        assert said in result.output
