import numpy as np
import pytest
import spacy

from spacy_el4ner.ensemble.reliability_vote import ReliabilityVote
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.review.choice import STRATEGIES, choose_documents
from spacy_el4ner.types import Vote
from tests.html_report.documents import TEXT, agreed, annotated, doc, rejected, vote, voted

LABELS = ("PERSON", "ORG", "GPE")


class Letters:
    """Counts of letters as vectors."""

    name = "letters"

    def encode(self, texts):
        rows = np.array([[text.count(c) for c in "AcmeBolt"] for text in texts], np.float32)
        return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def votes(p):
    return voted(vote("a", "ORG", p, GPE=1 - p))


def names(*surfaces):
    """Documents with one candidate each, the first the most disputed."""
    return [
        annotated(f"{surface} grew.", [(surface, "ORG", votes(0.5 + n / 20))], id=f"{surface} {n}")
        for n, surface in enumerate(surfaces)
    ]


def ids(chosen):
    return [one.id for one in chosen]


def ensemble(**settings):
    nlp = spacy.blank("en")
    config = {
        "labels": dict.fromkeys(LABELS, ""),
        "retriever": {"@el4ner_retrievers": "spacy-el4ner.RandomDemonstrations.v1"},
        **settings,
    }
    return nlp, nlp.add_pipe("llm_ensemble_ner", config=config)


@pytest.mark.parametrize("strategy", ["value", "disputed"])
def test_the_most_disputed_span_decides(strategy):
    docs = [
        annotated(TEXT, [("Acme", "ORG", votes(0.9))], id="sure"),
        annotated(TEXT, [("Acme", "ORG", votes(0.6)), ("Paris", "GPE", votes(0.99))], id="unsure"),
    ]
    first, second = choose_documents(docs, strategy=strategy)
    assert (first.id, second.id) == ("unsure", "sure")
    assert [m.label for m, _ in first.spans] == ["ORG", "GPE"]
    assert first.dispute > second.dispute > 0
    assert choose_documents(docs, 1, strategy) == [first]


def test_spans_that_were_not_taken_count_too():
    start = TEXT.index("Acme")
    record = agreed(start, start + 4, "ORG", confidence=0.99)
    (one,) = choose_documents(
        [annotated(TEXT, [("Acme", "ORG", record)], [("Bill", "ORG", rejected("llm"))])]
    )
    assert one.id == "1"
    assert [TEXT[m.start : m.end] for m, _ in one.spans] == ["Bill", "Acme"]


@pytest.mark.parametrize("strategy", ["value", "disputed"])
@pytest.mark.parametrize("other", [doc(TEXT, ("Acme", "ORG")), annotated("Rain fell.", [])])
def test_documents_without_candidates_are_left_out(other, strategy):
    assert choose_documents([other], strategy=strategy) == []


def test_a_random_sample_may_have_documents_without_candidates():
    (one,) = choose_documents([doc("Rain fell.")], strategy="random")
    assert one.dispute == 0


def test_value_puts_off_a_name_that_was_chosen():
    docs = names("Acme", "Acme", "Bolt")
    assert ids(choose_documents(docs, strategy="disputed")) == ["Acme 0", "Acme 1", "Bolt 2"]
    assert ids(choose_documents(docs)) == ["Acme 0", "Bolt 2", "Acme 1"]


@pytest.mark.parametrize("strategy", STRATEGIES)
def test_a_choice_is_the_same_again(strategy):
    docs = names("Acme", "Acme", "Bolt", "Core", "Dune")
    chosen = [ids(choose_documents(docs, 3, strategy, seed=1)) for _ in range(2)]
    assert chosen[0] == chosen[1]
    assert len(set(chosen[0])) == 3


def test_another_seed_is_another_sample():
    docs = names(*"ABCDEFGH")
    samples = {tuple(ids(choose_documents(docs, 4, "random", seed=seed))) for seed in range(5)}
    assert len(samples) > 1


def test_a_reliable_voter_that_dissents_makes_a_span_more_disputed():
    """Voter "b" takes every second organization for a place, and "a" is always right."""
    nlp, component = ensemble(vote={"@el4ner_vote_rules": "spacy-el4ner.ReliabilityVote.v1"})
    ballots = {label: {**dict.fromkeys((*LABELS, ""), 0.0), label: 1.0} for label in (*LABELS, "")}
    cast = {
        voter: [Vote(voter, label, 1.0, ballots[label]) for label in labels]
        for voter, labels in {"a": ["ORG"] * 60 + ["GPE"] * 60, "b": ["ORG", "GPE"] * 60}.items()
    }
    fit = component.vote.fit(
        list(zip(cast["a"], cast["b"], strict=True)), ["ORG"] * 60 + ["GPE"] * 60, LABELS
    )
    component.vote = fit
    docs = [
        annotated("Acme grew.", [("Acme", "ORG", voted(vote("a", "ORG", 1.0), vote("b", "GPE", 1.0)))]),
        annotated("Bolt grew.", [("Bolt", "ORG", voted(vote("a", "ORG", 0.7, GPE=0.3)))]),
    ]
    assert isinstance(fit, ReliabilityVote)
    assert ids(choose_documents(docs)) == ["1", "2"]
    assert ids(choose_documents(docs, nlp=nlp)) == ["2", "1"]


def test_the_pipeline_must_have_the_labels_of_the_votes():
    nlp, _ = ensemble(
        labels={"CITY": ""}, vote={"@el4ner_vote_rules": "spacy-el4ner.ReliabilityVote.v1"}
    )
    with pytest.raises(EL4NERValueError, match="EL373"):
        choose_documents(names("Acme"), nlp=nlp)


def test_the_encoder_of_the_retriever_compares_names():
    nlp, component = ensemble()
    docs = names("Acme", "Acmee", "Bolt")
    assert ids(choose_documents(docs, nlp=nlp)) == ["Acme 0", "Acmee 1", "Bolt 2"]
    component.retriever.encoder = Letters()
    assert ids(choose_documents(docs, nlp=nlp)) == ["Acme 0", "Bolt 2", "Acmee 1"]


def test_an_unknown_strategy_is_named_with_the_known_ones():
    with pytest.raises(EL4NERValueError, match="EL010"):
        choose_documents(names("Acme"), strategy="best")
