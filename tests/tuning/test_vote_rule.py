"""The fit of a vote rule to recorded answers and to documents."""

import pytest
import spacy
from spacy.tokens import Span

from spacy_el4ner.api import fit_vote
from spacy_el4ner.ensemble.reliability_vote import ReliabilityVote
from spacy_el4ner.ensemble.vote import MajorityVote
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.pipeline.trust import trust
from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.tuning.replay import ReplayedVoter, Sentences
from spacy_el4ner.tuning.vote_rule import fit_to_sentences
from spacy_el4ner.voters.base import Ballot, Proposals
from tests.ensemble.scripted_voters import LABELS, Knows
from tests.tuning.test_choices import RIGHT, WRONG, sentences  # noqa: F401

NAMES = ("Ann", "Bill", "Carl", "Dora", "Eve")
PLACES = ("Oslo", "Lima", "Rome", "Bonn", "Kyiv")
RULE = {"@el4ner_vote_rules": "spacy-el4ner.ReliabilityVote.v1"}


def knowing(**swapped):
    """A voter that knows all names, and calls some by another label."""
    return Knows({**dict.fromkeys(NAMES, "PERSON"), **dict.fromkeys(PLACES, "GPE"), **swapped})


def ensemble(vote=RULE):
    """One voter is right; two call all places but one people."""
    nlp = spacy.blank("en")
    config = {
        "labels": LABELS,
        "vote": vote,
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        "stages": {"verification": False},
        "on_error": "raise",
    }
    confused = dict.fromkeys(PLACES[1:], "PERSON")
    component = nlp.add_pipe("llm_ensemble_ner", config=config)
    component.voters = {"good": knowing(), "b": knowing(**confused), "c": knowing(**confused)}
    return nlp, component


def documents(nlp, annotated=True):
    docs = [nlp.make_doc(f"{name} saw {place} .") for name in NAMES for place in PLACES]
    for doc in docs if annotated else ():
        doc.ents = [Span(doc, 0, 1, "PERSON"), Span(doc, 2, 3, "GPE")]
    return docs


def labels(doc):
    return {ent.text: ent.label_ for ent in doc.ents}


def test_gold_annotation_tells_whom_to_trust():
    nlp, component = ensemble()
    assert labels(nlp("Ann saw Rome ."))["Rome"] == "PERSON"
    tuning = fit_vote(nlp, documents(nlp))
    assert tuning == component.tuning
    fit = tuning.vote_rules["reliability"]
    assert (fit["spans"], fit["labelled"]) == (50, 50)
    assert labels(nlp("Ann saw Rome ."))["Rome"] == "GPE"


def test_documents_without_annotation_are_estimated_and_those_with_it_known():
    nlp, _ = ensemble()
    docs = [*documents(nlp), *documents(nlp, annotated=False)]
    fit = fit_vote(nlp, docs).vote_rules["reliability"]
    assert (fit["spans"], fit["labelled"]) == (100, 50)
    assert labels(nlp("Ann saw Rome ."))["Rome"] == "GPE"
    only = fit_vote(nlp, documents(nlp, annotated=False)).vote_rules["reliability"]
    assert (only["spans"], only["labelled"]) == (50, 0)


def test_annotation_tells_of_a_span_that_is_no_entity():
    nlp, _ = ensemble()
    docs = documents(nlp)
    for doc in docs:
        doc.ents = [ent for ent in doc.ents if ent.label_ == "PERSON"]
        assert doc[2].ent_iob_ == "O"
    prior = fit_vote(nlp, docs).vote_rules["reliability"]["prior"]
    assert prior[""] == pytest.approx(26 / 53)


def test_the_fit_is_saved_and_loaded(tmp_path):
    nlp, component = ensemble()
    fit_vote(nlp, documents(nlp))
    _, other = ensemble()
    other.from_bytes(component.to_bytes())
    component.to_disk(tmp_path / "component")
    _, another = ensemble()
    another.from_disk(tmp_path / "component")
    for loaded in (other, another):
        assert loaded.tuning == component.tuning
        assert loaded.fitted_vote.reliability == component.fitted_vote.reliability
    assert trust(other) == trust(component)
    assert set(trust(other)) == {"good", "b", "c"}


def test_a_setting_overrules_the_fit():
    nlp, component = ensemble()
    fit_vote(nlp, documents(nlp))
    component.cfg["tuned"] = {**component.cfg["tuned"], "reliability": False}
    assert labels(nlp("Ann saw Rome ."))["Rome"] == "PERSON"
    assert trust(component) == {}


def test_a_fit_of_another_rule_is_left_alone():
    nlp, _ = ensemble()
    tuning = fit_vote(nlp, documents(nlp))
    _, majority = ensemble({"@el4ner_vote_rules": "spacy-el4ner.MajorityVote.v1"})
    majority.apply(tuning)
    assert majority.fitted_vote is majority.vote
    assert trust(majority) == {}


def test_a_damaged_fit_is_refused_on_loading():
    _, component = ensemble()
    with pytest.raises(EL4NERValueError, match="EL293"):
        component.apply(Tuning(vote_rules={"reliability": {"prior": {}}}))
    assert component.tuning == Tuning()


def test_choices_of_an_earlier_version_have_no_fit():
    data = b'{"voters": {}, "left_out": [], "verifier": null, "verification": true, "report": {}}'
    assert Tuning.from_bytes(data).vote_rules == {}


def test_what_cannot_be_fitted_is_refused():
    nlp, _ = ensemble({"@el4ner_vote_rules": "spacy-el4ner.MajorityVote.v1"})
    with pytest.raises(EL4NERValueError, match=r"EL294.*MajorityVote learns nothing"):
        fit_vote(nlp, documents(nlp))
    nlp, _ = ensemble()
    with pytest.raises(EL4NERValueError, match=r"EL294.*these 1 documents"):
        fit_vote(nlp, [nlp.make_doc("It rained .")])


def voter(*probabilities):
    """Proposes both spans of each sentence, and gives the right and the wrong one these chances."""
    ballots = [Ballot({"A": p, "": 1 - p}) for p in probabilities]
    return ReplayedVoter(
        {n: Proposals(dict.fromkeys((RIGHT, WRONG), 0.5)) for n in range(20)},
        {(n, span): b for n in range(20) for span, b in zip((RIGHT, WRONG), ballots, strict=True)},
    )


def test_tuning_learns_that_a_voter_says_the_opposite(sentences):  # noqa: F811
    learning = Sentences(sentences.sample, sentences.tasks, sentences.labels, ReliabilityVote())
    voters = {"good": voter(0.9, 0.2), "liar": voter(0.0, 1.0), "parrot": voter(0.0, 1.0)}
    fitted = fit_to_sentences(learning, voters)
    (first, *others) = fitted.steps
    assert (first.without, first.with_, first.choice) == (0.0, 1.0, "applied")
    assert [step.voter for step in others] == ["good", "liar", "parrot"]
    assert fitted.parameters["reliability"]["labelled"] == 40
    assert fitted.sentences.f1(fitted.sentences.candidates(voters)) == 1.0


def test_a_fit_that_lowers_f1_on_sentences_that_it_does_not_know_is_not_kept(sentences):  # noqa: F811
    """The voter is right in two folds and says the opposite in three: for each, the other four tell
    the opposite of what is so, and all five would tell what is so in three.
    """
    rule = ReliabilityVote(strength=1.0)
    learning = Sentences(sentences.sample, sentences.tasks, sentences.labels, rule)
    sure, against = Ballot({"A": 1.0, "": 0.0}), Ballot({"A": 0.0, "": 1.0})
    ballots = {
        (n, span): sure if (n % 5 < 2) == (span == RIGHT) else against
        for n in range(20)
        for span in (RIGHT, WRONG)
    }
    proposals = {n: Proposals(dict.fromkeys((RIGHT, WRONG), 0.5)) for n in range(20)}
    fitted = fit_to_sentences(learning, {"moody": ReplayedVoter(proposals, ballots)})
    (step,) = fitted.steps
    assert (step.without, step.with_, step.choice) == (pytest.approx(0.4), 0.0, "not applied")
    assert fitted.sentences is learning
    assert fitted.parameters == {}


def test_a_rule_that_learns_nothing_is_left_as_it_is(sentences):  # noqa: F811
    plain = Sentences(sentences.sample, sentences.tasks, sentences.labels, MajorityVote())
    fitted = fit_to_sentences(plain, {"good": voter(0.9, 0.2)})
    assert fitted.sentences is plain
    assert (fitted.parameters, fitted.steps) == ({}, [])
