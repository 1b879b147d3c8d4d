"""The command on a small tagger and a language model that says what it is told to."""

import json
import re
import shutil
import sys
from functools import partial

import pytest
import spacy
from spacy.tokens import DocBin

from spacy_el4ner.corpora import unannotated
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.pipeline.fusion_setup import read_cases
from spacy_el4ner.registry import registry
from tests.cli.runner import call
from tests.pipeline.taggers import SENTENCES, Scripted, annotated, pipeline, trained

NAME = "slm_llm_fusion"
SAYS = {
    "Zorro": "PERSON",
    "Rome": "GPE",
    "Bill": "PERSON",
    "bill": "PERSON",
    "Oslo": "GPE",
    "Paris": "GPE",
}
UNKNOWN = """\
[PERSON Zorro] left [GPE Rome] .
[PERSON Zorro] met [PERSON Bill] in [GPE Rome] .
[ORG Acme Ltd.] paid [PERSON Zorro] in [GPE Oslo] .
Nobody paid the bill in [GPE Rome] ."""


@registry.el4ner_llms("tests.Scripted.v1")
def scripted(surfaces: dict[str, str]):
    return Scripted(surfaces)


def write(path, text):
    vocab = spacy.blank("en").vocab
    DocBin(docs=[annotated(vocab, line) for line in text.splitlines()]).to_disk(path)
    return path


calibrate = partial(call, "calibrate")


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    nlp = trained(30, llm={"@el4ner_llms": "tests.Scripted.v1", "surfaces": SAYS})
    nlp.to_disk(folder / "pipeline")
    dev = write(folder / "dev.spacy", f"{SENTENCES}\n{UNKNOWN}\n{SENTENCES}")
    result = calibrate(
        folder / "pipeline", dev, folder / "calibrated", "--route", "uncertain", "--folds", 3
    )
    assert result.exit_code == 0, result.output
    return folder


@pytest.fixture(scope="module")
def report(project):
    return json.loads((project / "calibrated" / "calibration.json").read_text())


def test_the_pipeline_has_what_was_found(project, report):
    component = spacy.load(project / "calibrated").get_pipe(NAME)
    assert component.calibration == Calibration.from_dict(report["calibration"])
    assert component.calibration != Calibration()
    assert (component.rule.name, component.cfg["route"]) == (report["rule"], "uncertain")


def test_the_pipeline_that_was_given_is_as_it_was(project):
    component = spacy.load(project / "pipeline").get_pipe(NAME)
    assert component.calibration == Calibration()
    assert component.cfg["route"] == "always"


def test_the_figures_are_those_of_the_pipeline_on_the_same_documents(project, report):
    """With the rule alone and with the threshold."""
    nlp = spacy.load(project / "calibrated")
    vocab = nlp.vocab
    gold = list(DocBin().from_disk(project / "dev.spacy").get_docs(vocab))
    for route, expected in (("always", "always"), ("uncertain", "f1")):
        nlp.get_pipe(NAME).cfg["route"] = route
        examples = [spacy.training.Example(unannotated(doc), doc) for doc in gold]
        assert nlp.evaluate(examples)["ents_f"] == pytest.approx(report["routing"][expected])


def test_the_report_has_every_figure(report):
    assert report["documents"] == 28
    assert {r["name"] for r in report["rules"]} >= {"paper", "scaled"}
    assert len(report["rules"][0]["curve"]["points"]) == 100
    assert report["routing"]["curve"][0]["share"] == 0
    assert report["routing"]["curve"][-1]["share"] == 1
    assert 0 < report["slm"] < 1


def test_the_picture_is_drawn(project):
    pytest.importorskip("matplotlib")
    assert (project / "calibrated" / "calibration.png").read_bytes().startswith(b"\x89PNG")


def test_without_matplotlib_there_is_no_picture_and_all_else(project, monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    monkeypatch.setitem(sys.modules, "matplotlib.figure", None)
    out = project / "plain"
    result = calibrate(project / "pipeline", project / "dev.spacy", out)
    assert "EL013" in result.output
    assert (out / "calibration.json").is_file()
    assert not (out / "calibration.png").exists()


def test_a_precision_is_promised(project):
    arguments = (project / "pipeline", project / "dev.spacy", project / "precise", "--folds", 3)
    result = calibrate(*arguments, "--precision", 0.5)
    assert result.exit_code == 0, result.output
    assert re.search(r"precision of at least 50%.* remain", " ".join(result.output.split()))
    kept = spacy.load(project / "precise").get_pipe(NAME).cfg["min_confidence"]
    assert f"a confidence of at least {kept:g} " in result.output


def test_a_precision_that_cannot_be_promised_is_refused(project):
    out = project / "too_precise"
    arguments = (project / "pipeline", project / "dev.spacy", out, "--folds", 3, "--precision", 0.999)
    result = calibrate(*arguments)
    assert result.exit_code == 1
    assert "EL382" in result.output
    assert not out.exists()


def test_a_rule_can_be_named(project):
    out = project / "scaled"
    result = calibrate(project / "pipeline", project / "dev.spacy", out, "--rule", "scaled")
    assert result.exit_code == 0
    assert spacy.load(out).get_pipe(NAME).rule.name == "scaled"
    assert spacy.load(out).get_pipe(NAME).cfg["route"] == "always"


def test_a_pipeline_is_replaced_as_a_whole(project):
    out = shutil.copytree(project / "pipeline", project / "again")
    (out / "vocab" / "left over").touch()
    assert calibrate(project / "pipeline", project / "dev.spacy", out).exit_code == 0
    assert not (out / "vocab" / "left over").exists()
    assert spacy.load(out)("Bill left.").ents
    assert [p for p in project.iterdir() if p.name.startswith(".")] == []


def test_a_folder_that_holds_something_else_is_left_alone(project, tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    result = calibrate(project / "pipeline", project / "dev.spacy", tmp_path)
    assert result.exit_code == 1
    assert "EL130" in result.output
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_a_pipeline_is_calibrated_where_it_lies(project, tmp_path):
    out = shutil.copytree(project / "pipeline", tmp_path / "pipeline")
    assert calibrate(out, project / "dev.spacy", out).exit_code == 0
    assert (out / "calibration.json").is_file()


def test_documents_have_numbers_of_their_own(project):
    nlp = spacy.load(project / "pipeline")
    docs = list(DocBin().from_disk(project / "dev.spacy").get_docs(nlp.vocab))
    cases = list(read_cases(nlp.get_pipe(NAME), docs, nlp, batch_size=5))
    assert [case.window.document for case in cases] == list(range(28))
    whole = list(read_cases(nlp.get_pipe(NAME), docs, nlp, batch_size=100))
    assert [(c.window, c.llm, c.gold) for c in cases] == [(c.window, c.llm, c.gold) for c in whole]


@pytest.mark.parametrize(
    ("option", "value"), [("--objective", "accuracy"), ("--rule", "majority"), ("--route", "never")]
)
def test_an_unknown_choice_is_named_before_anything_is_read(option, value, tmp_path):
    result = calibrate(tmp_path, tmp_path, tmp_path / "out", option, value)
    assert result.exit_code == 1
    assert re.search(f"(?s)EL010.*{value}.*{option[2:]}", result.output)


def test_a_folder_without_a_pipeline_is_named(tmp_path):
    result = calibrate(tmp_path / "nothing", tmp_path, tmp_path / "out")
    assert result.exit_code == 1
    assert "nothing" in result.output


def test_a_pipeline_without_a_fusion_is_named(project, tmp_path):
    spacy.blank("en").to_disk(tmp_path / "blank")
    result = calibrate(tmp_path / "blank", project / "dev.spacy", tmp_path / "out")
    assert result.exit_code == 1
    assert "EL014" in result.output


def test_a_fusion_without_a_language_model_is_named(project, tmp_path):
    nlp = pipeline(labels={"PERSON": "", "GPE": "", "ORG": ""})
    nlp.to_disk(tmp_path / "alone")
    result = calibrate(tmp_path / "alone", project / "dev.spacy", tmp_path / "out")
    assert result.exit_code == 1
    assert "EL044" in result.output


def test_documents_without_entities_are_refused(project, tmp_path):
    dev = write(tmp_path / "dev.spacy", "Nobody left .\nNobody paid .")
    result = calibrate(project / "pipeline", dev, tmp_path / "out")
    assert result.exit_code == 1
    assert "EL042" in result.output
    assert not (tmp_path / "out").exists()
