"""A spaCy pipeline as a voter."""

import pickle

import pytest
import spacy
from spacy.tokens.underscore import Underscore

from spacy_el4ner.voters.spacy_pipeline import SpacyVoter
from tests.pipeline.ensembles import found
from tests.strategies import sentence

LABELS = {"PERSON": "", "LOC": ""}
WINDOW = sentence("Ann Lee saw Bonn")
NOTHING = ((),)


@pytest.fixture(scope="module")
def ruler(tmp_path_factory):
    """A pipeline that knows two names."""
    folder = tmp_path_factory.mktemp("pipelines") / "ruler"
    nlp = spacy.blank("en")
    patterns = [{"label": "PERSON", "pattern": "Ann Lee"}, {"label": "GPE", "pattern": "Bonn"}]
    nlp.add_pipe("entity_ruler").add_patterns(patterns)
    nlp.to_disk(folder)
    return str(folder)


@pytest.fixture(scope="module")
def spancat(tmp_path_factory):
    """A pipeline that scores spans of one token."""
    folder = tmp_path_factory.mktemp("pipelines") / "spancat"
    nlp = spacy.blank("en")
    suggester = {"@misc": "spacy.ngram_suggester.v1", "sizes": [1]}
    pipe = nlp.add_pipe("spancat", config={"threshold": 0.0, "suggester": suggester})
    pipe.add_label("LOC")
    nlp.initialize()
    nlp.to_disk(folder)
    return str(folder)


def ensemble(voter, **settings):
    nlp = spacy.blank("en")
    block = {"@el4ner_voters": "spacy-el4ner.SpacyVoter.v1", **voter}
    config = {
        "labels": LABELS,
        "voters": {"ruler": block},
        "k": 0,
        "stages": {"verification": False},
        "on_error": "raise",
        **settings,
    }
    nlp.add_pipe("llm_ensemble_ner", config=config)
    return nlp


def test_the_entities_of_the_pipeline_are_proposed(ruler):
    voter = SpacyVoter(ruler, {"GPE": "LOC"})
    (proposals,) = voter.propose([WINDOW], NOTHING, LABELS)
    assert list(proposals.spans) == [(0, 7), (12, 16)]


def test_an_ensemble_may_be_of_spacy_pipelines_alone(ruler):
    nlp = ensemble({"pipeline": ruler, "label_map": {"GPE": "LOC"}})
    assert [span[:3] for span in found(nlp("Ann Lee saw Bonn"))] == [(0, 7, "PERSON"), (12, 16, "LOC")]


def test_the_scores_of_a_span_group_are_probabilities(spancat):
    voter = SpacyVoter(spancat, spans_key="sc")
    (proposals,) = voter.propose([WINDOW], NOTHING, LABELS)
    assert list(proposals.spans) == [(0, 3), (4, 7), (8, 11), (12, 16)]
    assert all(0 <= p <= 1 for p in proposals.spans.values())


def test_the_confidence_of_a_component_of_this_package_is_the_probability(ruler, tmp_path):
    inner = ensemble({"pipeline": ruler, "label_map": {"GPE": "LOC"}})
    inner.to_disk(tmp_path / "inner")
    doc = inner(WINDOW.text)
    (proposals,) = SpacyVoter(str(tmp_path / "inner")).propose([WINDOW], NOTHING, LABELS)
    assert proposals.spans == {(e.start_char, e.end_char): e._.confidence for e in doc.ents}


@pytest.mark.parametrize("value", [True, 3, -1.0, "high", float("nan")])
def test_what_another_package_calls_confidence_need_not_be_a_probability(ruler, value, monkeypatch):
    extension = (value, None, None, None)
    monkeypatch.setitem(Underscore.span_extensions, "confidence", extension)
    voter = SpacyVoter(ruler)
    (ballot,), *_ = voter.classify([WINDOW], [[(0, 7)]], NOTHING, LABELS)
    assert (ballot.probabilities, ballot.estimated) == ({"PERSON": 1.0}, True)


def test_the_labels_of_the_pipeline_are_known_without_loading_it(ruler):
    voter = SpacyVoter(ruler)
    assert set(voter.own_labels()) == {"PERSON", "GPE"}
    assert voter._nlp is None


def test_a_wrong_label_map_is_refused_when_the_component_is_made(ruler):
    with pytest.raises(ValueError, match=r"\[EL340\].*PLACE"):
        ensemble({"pipeline": ruler, "label_map": {"GPE": "PLACE"}})


def test_labels_that_come_with_the_examples_are_checked_then(ruler):
    nlp = ensemble({"pipeline": ruler, "label_map": {"GPE": "LOC"}}, labels={})
    with pytest.raises(ValueError, match=r"\[EL340\].*LOC"):
        nlp.get_pipe("llm_ensemble_ner").initialize(labels=["PERSON"])


def test_a_pipeline_that_is_not_there_is_an_error_whatever_on_error_says():
    nlp = ensemble({"pipeline": "no_such_pipeline"}, on_error="skip")
    with pytest.raises(ValueError, match=r"\[EL343\].*no_such_pipeline"):
        nlp("Ann Lee saw Bonn")


def test_unloaded_it_is_loaded_again(ruler):
    voter = SpacyVoter(ruler)
    first = voter.propose([WINDOW], NOTHING, LABELS)
    voter.unload()
    voter.forget()
    assert list(voter.propose([WINDOW], NOTHING, LABELS)[0].spans) == list(first[0].spans)


def test_a_copy_leaves_the_pipeline_behind_and_answers_alike(ruler):
    voter = SpacyVoter(ruler)
    voter.propose([WINDOW], NOTHING, LABELS)
    copy = pickle.loads(pickle.dumps(voter))
    assert copy._nlp is None
    assert copy.identity == voter.identity


def test_other_settings_and_other_pipelines_have_other_identities(ruler, spancat):
    voters = [
        SpacyVoter(ruler),
        SpacyVoter(ruler, {"GPE": "LOC"}),
        SpacyVoter(ruler, exhaustive=True),
        SpacyVoter(spancat),
        SpacyVoter(spancat, spans_key="sc"),
    ]
    assert len({voter.identity for voter in voters}) == len(voters)
