"""The command on an ensemble of two lists of names, one of which is wrong half the time."""

from functools import partial

import pytest
import spacy
import srsly
from spacy.tokens import DocBin, Span

from tests.cli.runner import call

calibrate = partial(call, "calibrate")
NAMES = [f"Name{n}" for n in range(200)]


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    folder = tmp_path_factory.mktemp("project")
    rows = [{"name": name, "label": "PERSON"} for name in NAMES]
    srsly.write_jsonl(folder / "all.jsonl", rows)
    srsly.write_jsonl(folder / "right.jsonl", rows[::2])
    kind = {"@el4ner_voters": "spacy-el4ner.GazetteerVoter.v1"}
    voters = {n: {**kind, "names": str(folder / f"{n}.jsonl")} for n in ("all", "right")}
    nlp = spacy.blank("en")
    config = {
        "labels": {"PERSON": "people"},
        "voters": voters,
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        "stages": {"verification": False},
    }
    nlp.add_pipe("llm_ensemble_ner", config=config)
    nlp.to_disk(folder / "pipeline")
    docs = [nlp.make_doc(f"So {name} said .") for name in NAMES]
    for doc in docs[::2]:
        doc.ents = [Span(doc, 1, 2, "PERSON")]
    for doc in docs[1::2]:
        doc.ents = []
    DocBin(docs=docs).to_disk(folder / "dev.spacy")
    return folder


def test_an_ensemble_is_calibrated_and_saved(project):
    result = calibrate(project / "pipeline", project / "dev.spacy", project / "calibrated")
    assert result.exit_code == 0, result.output
    assert "Brier score" in result.output
    nlp = spacy.load(project / "calibrated")
    (right,), (wrong,) = nlp("So Name2 said .").ents, nlp("So Name3 said .").ents
    assert wrong._.confidence < 0.2 < 0.8 < right._.confidence
    raw = spacy.load(project / "pipeline")("So Name3 said .").ents[0]
    assert raw._.confidence == pytest.approx(0.9)


def test_a_precision_is_promised_by_the_lowest_confidence(project):
    out = project / "precise"
    result = calibrate(project / "pipeline", project / "dev.spacy", out, "--precision", 0.9)
    assert result.exit_code == 0, result.output
    assert "100 of 200 remain, and 100 of the 100 right ones" in result.output
    nlp = spacy.load(out)
    assert nlp.get_pipe("llm_ensemble_ner").cfg["min_confidence"] > 0
    assert [ent.text for ent in nlp("So Name2 said , and Name3 .").ents] == ["Name2"]


def test_a_precision_that_cannot_be_promised_is_refused(project):
    out = project / "too_precise"
    result = calibrate(project / "pipeline", project / "dev.spacy", out, "--precision", 0.999)
    assert result.exit_code == 1
    assert "EL382" in result.output
    assert not out.exists()
