"""The fit of a cascade to labelled documents."""

import pytest

from spacy_el4ner.api import calibrate_confidence, fit_cascade
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.pipeline.tuned import Tuning
from tests.ensemble.scripted_voters import Knows
from tests.tuning.test_vote_rule import NAMES, PLACES, documents, ensemble, knowing, labels

MAJORITY = {"@el4ner_vote_rules": "spacy-el4ner.MajorityVote.v1"}


def places_missed():
    """The first voter knows no places, the others know all; each second document has only a person."""
    nlp, component = ensemble(MAJORITY)
    people = Knows(dict.fromkeys(NAMES, "PERSON"))
    component.voters = {"people": people, "b": knowing(), "c": knowing()}
    docs = documents(nlp)
    for name in NAMES * 5:
        doc = nlp.make_doc(f"{name} saw nobody .")
        doc.ents = [doc.char_span(0, len(name), label="PERSON")]
        docs.append(doc)
    return nlp, component, docs


def test_the_others_are_asked_where_they_change_something():
    nlp, component, docs = places_missed()
    fitted = fit_cascade(nlp, docs, ["people"])
    assert fitted.full == fitted.chosen.f1 == 1.0
    assert fitted.chosen.tokens < 0.8
    assert component.tuning.cascade == fitted.cascade
    assert labels(nlp("Ann saw Rome .")) == {"Ann": "PERSON", "Rome": "GPE"}
    asked = [
        nlp(text)._.el4ner["counts"]["asked"]["b"] for text in ("Bill saw nobody .", "Eve saw Oslo .")
    ]
    assert asked == [0, 1]


def test_the_curve_falls_from_all_voters_to_the_first_alone():
    nlp, _, docs = places_missed()
    curve = fit_cascade(nlp, docs, ["people"]).curve
    assert (curve[0].tokens, curve[0].f1) == (1.0, 1.0)
    assert [p.tokens for p in curve] == sorted((p.tokens for p in curve), reverse=True)
    assert curve[-1].f1 < 1.0


def test_a_budget_is_kept():
    nlp, _, docs = places_missed()
    assert fit_cascade(nlp, docs, ["people"], budget=0.5).chosen.tokens <= 0.5


def test_voters_that_say_the_same_are_not_asked():
    nlp, component = ensemble(MAJORITY)
    component.voters = dict.fromkeys("abc", knowing())
    fitted = fit_cascade(nlp, documents(nlp), ["a"])
    assert fitted.chosen.tokens == pytest.approx(1 / 3)
    assert nlp(f"{NAMES[0]} saw {PLACES[0]} .")._.el4ner["counts"]["asked"] == {"a": 1, "b": 0, "c": 0}


def test_voters_can_be_asked_one_after_another():
    nlp, _, docs = places_missed()
    fitted = fit_cascade(nlp, docs, ["people", "b"])
    assert (fitted.full, fitted.chosen.f1) == (1.0, 1.0)
    assert len(fitted.cascade.doubts) == 2
    asked = [nlp(text)._.el4ner["counts"]["asked"] for text in ("Bill saw nobody .", "Eve saw Oslo .")]
    assert asked[0] == {"people": 1, "b": 0, "c": 0}
    assert asked[1]["b"] == 1


@pytest.mark.parametrize("stage", ["extraction", "classification"])
def test_a_stage_that_is_off_is_named(stage):
    nlp, component, docs = places_missed()
    component.cfg["stages"][stage] = False
    with pytest.raises(EL4NERValueError, match=rf"EL390.*the stage of {stage} is off"):
        fit_cascade(nlp, docs, ["people"])


def test_where_the_first_voter_takes_more_than_the_budget_it_alone_is_asked():
    nlp, _, docs = places_missed()
    fitted = fit_cascade(nlp, docs, ["people"], budget=0.1)
    assert fitted.chosen == fitted.curve[-1]


def test_it_is_saved_and_can_be_switched_off():
    nlp, component, docs = places_missed()
    fit_cascade(nlp, docs, ["people"])
    assert Tuning.from_bytes(component.tuning.to_bytes()) == component.tuning
    component.cfg["tuned"]["cascade"] = False
    assert component.method().cascade is None


def test_the_calibration_of_other_votes_is_dropped():
    nlp, component = ensemble(MAJORITY)
    docs = documents(nlp)
    calibrate_confidence(nlp, docs)
    assert component.tuning.confidence is not None
    fit_cascade(nlp, docs, ["b"])
    assert component.tuning.confidence is None


@pytest.mark.parametrize("order", [[], ["a", "a"], ["nobody"]])
def test_an_order_that_names_no_voters_is_refused(order):
    nlp, component = ensemble(MAJORITY)
    component.voters = dict.fromkeys("abc", knowing())
    with pytest.raises(EL4NERValueError, match=r"EL390.*of these: a, b, c"):
        fit_cascade(nlp, documents(nlp), order)
