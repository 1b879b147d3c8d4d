"""The calibration of an ensemble's confidence."""

import pytest
import spacy
from spacy.tokens import Span

from spacy_el4ner.api import calibrate_confidence, fit_vote
from spacy_el4ner.calibration.error import brier_score
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.tuning.confidence import JudgedCandidate, fit_to_entities
from spacy_el4ner.types import Candidate, Vote
from tests.tuning.test_vote_rule import documents, ensemble

RAW = (0.1 + 0.9 + 0.9) / 3
"""Mean of what the voters give the wrong label."""
MAJORITY = {"@el4ner_vote_rules": "spacy-el4ner.MajorityVote.v1"}


def entity(group, confidence, right, label="PERSON"):
    vote = Vote("a", label, confidence, {label: confidence, "": 1 - confidence}, extracted=True)
    candidate = Candidate(0, 4, label, {"a": 1.0}, (vote,), confidence=confidence)
    return JudgedCandidate(candidate, right, group)


OVERCONFIDENT = [entity(n, 0.95, n % 2 == 0) for n in range(100)]


def test_confidence_that_is_too_high_falls():
    fitted = fit_to_entities(OVERCONFIDENT)
    assert fitted.weights is not None
    assert brier_score(fitted.pairs) == pytest.approx(0.25, abs=0.02)
    assert all(confidence == pytest.approx(0.5, abs=0.1) for confidence, _ in fitted.pairs)


def test_what_does_not_help_is_left_out():
    perfect = [entity(n, 1.0 if n % 2 else 0.0, n % 2 == 1) for n in range(100)]
    fitted = fit_to_entities(perfect)
    assert fitted.weights is None
    assert fitted.steps[0].choice == "not calibrated"
    assert brier_score(fitted.pairs) == 0


def test_entities_that_are_all_right_have_nothing_to_tell():
    fitted = fit_to_entities([entity(n, 0.6, True) for n in range(20)])
    assert fitted.weights is None
    assert "all are wrong" in fitted.steps[0].choice


def confused():
    """An ensemble two of whose voters call most places people: half of its entities are wrong."""
    nlp, component = ensemble(MAJORITY)
    return nlp, component, documents(nlp)


def test_a_pipeline_is_calibrated_and_its_entities_stay():
    nlp, _, docs = confused()
    before = [[(e.text, e.label_) for e in nlp(doc.text).ents] for doc in docs]
    calibrate_confidence(nlp, docs)
    after = [nlp(doc.text) for doc in docs]
    assert [[(e.text, e.label_) for e in doc.ents] for doc in after] == before
    person, place = after[1].ents
    assert (place.text, place.label_) == ("Lima", "PERSON")
    assert place._.confidence < 0.5 < person._.confidence
    assert place._.provenance["raw"] == pytest.approx(RAW)


def test_a_calibration_is_saved_and_can_be_switched_off():
    nlp, component, docs = confused()
    calibrate_confidence(nlp, docs)
    again = Tuning.from_bytes(component.tuning.to_bytes())
    assert again.confidence == component.tuning.confidence
    component.cfg["tuned"]["confidence"] = False
    assert nlp("Ann saw Lima .").ents[1]._.confidence == pytest.approx(RAW)


def test_a_second_calibration_starts_from_the_raw_confidence():
    nlp, component, docs = confused()
    calibrate_confidence(nlp, docs)
    first = component.tuning.confidence
    calibrate_confidence(nlp, docs)
    assert component.tuning.confidence == first


def test_another_vote_ends_a_calibration():
    nlp, component = ensemble()
    docs = documents(nlp)
    calibrate_confidence(nlp, docs)
    assert component.tuning.confidence is not None
    fit_vote(nlp, docs)
    assert component.tuning.confidence is None


def test_tokens_without_annotation_are_left_out():
    nlp, _, docs = confused()
    for doc in docs:
        doc.set_ents([Span(doc, 0, 1, "PERSON")], missing=[doc[2:3]], default="outside")
    assert len(calibrate_confidence(nlp, docs).pairs) == len(docs)


def test_documents_without_entities_are_refused():
    nlp, _, _ = confused()
    with pytest.raises(EL4NERValueError, match=r"EL381.*'llm_ensemble_ner'.*development split"):
        calibrate_confidence(nlp, [spacy.blank("en")("Nothing here .")])


@pytest.mark.parametrize(
    ("least", "names"),
    [(0.9, ["Ann"]), ({"PERSON": 0.5}, ["Ann", "Lima"]), ({"GPE": 1.0}, ["Ann", "Lima"])],
)
def test_entities_below_the_lowest_confidence_remain_candidates(least, names):
    nlp, component, _ = confused()
    component.cfg["min_confidence"] = least
    doc = nlp("Ann saw Lima .")
    assert [ent.text for ent in doc.ents] == names
    assert [span.text for span in doc.spans["el4ner"]] == ["Ann", "Lima"]


@pytest.mark.parametrize("least", [-0.1, 1.1, {"PERSON": 2}])
def test_an_impossible_lowest_confidence_is_refused(least):
    with pytest.raises(ValueError, match=r"EL383.*min_confidence"):
        spacy.blank("en").add_pipe("llm_ensemble_ner", config={"min_confidence": least})
