"""Voters that are asked only where those before leave the vote open."""

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.ensemble.cascade import Cascade, features
from spacy_el4ner.retrieval.span_similarity import SpanSimilarity
from spacy_el4ner.types import Candidate, Vote
from tests.ensemble.scripted_voters import TEXTS, Down, Knows, Verifies, docs, found, stages
from tests.strategies import make_shot, make_window
from tests.training.sft.corpus import Letters

BOTH = {"Ann": "PERSON", "Bill": "PERSON", "Oslo": "GPE", "Lima": "GPE"}
NAMELIKE = Weights(-5.0, {"names": 10.0})
"""Doubts a window if a word with a capital letter is outside of the candidates."""


def cascade(*order, doubt=NAMELIKE, threshold=0.5):
    return Cascade(order, (doubt,) * len(order), threshold)


@given(
    st.lists(
        st.dictionaries(st.sampled_from([*BOTH, "Nobody"]), st.sampled_from(["PERSON", "GPE", ""])),
        min_size=1,
        max_size=3,
    ),
    st.data(),
)
def test_a_cascade_that_doubts_everything_gives_what_all_voters_give(known, data):
    voters = {name: Knows(names) for name, names in zip("abc", known, strict=False)}
    order = data.draw(st.lists(st.sampled_from(list(voters)), min_size=1, unique=True))
    every = stages(voters).trace(docs())
    in_turn = stages(voters, cascade=cascade(*order, threshold=0.0)).trace(docs())
    assert in_turn == every


def test_the_others_are_asked_only_where_the_first_voter_leaves_the_vote_open():
    first, second = Knows(BOTH, ("Ann", "Oslo", "Lima")), Knows(BOTH)
    results = stages({"a": first, "b": second}, cascade=cascade("a"))(docs())
    assert ("propose", 1) in second.calls
    assert [[c[0] for c in candidates] for candidates in found(results)] == [
        ["Ann", "Bill", "Oslo"],
        ["Lima"],
        [],
    ]
    assert [r.counts["asked"] for r in results] == [
        {"a": 1, "b": 1},
        {"a": 1, "b": 0},
        {"a": 1, "b": 0},
    ]


def test_a_voter_is_asked_once_about_a_span():
    class Remembers(Knows):
        def classify(self, windows, spans, demonstrations, labels):
            self.asked = [*getattr(self, "asked", []), *(s for pairs in spans for s in pairs)]
            return super().classify(windows, spans, demonstrations, labels)

    voters = {"a": Remembers(BOTH, ("Ann",)), "b": Remembers(BOTH, ("Ann", "Bill"))}
    (result,) = stages(voters, cascade=cascade("a"))(docs(TEXTS[:1]))
    assert voters["a"].asked == voters["b"].asked == [(0, 3), (8, 12)]
    assert [[v.voter for v in c.votes] for c in result.candidates] == [["a", "b"], ["a", "b"]]


def test_votes_come_in_the_order_of_the_voters_whoever_was_asked_first():
    voters = {"a": Knows(BOTH), "b": Knows(BOTH, ("Ann",))}
    (result,) = stages(voters, cascade=cascade("b"))(docs(TEXTS[:1]))
    assert [v.voter for v in result.candidates[0].votes] == ["a", "b"]


def test_only_open_windows_are_verified():
    voters = {"a": Knows(BOTH, ("Ann", "Oslo", "Lima")), "b": Verifies(BOTH)}
    results = stages(voters, cascade=cascade("a"), verifier="b")(docs())
    verified = {(n, c.verdict is not None) for n, r in enumerate(results) for c in r.candidates}
    assert verified == {(0, True), (1, False)}


def test_a_first_voter_that_is_down_leaves_everything_to_the_others():
    voters = {"a": Down(BOTH, "propose"), "b": Knows(BOTH)}
    results = stages(voters, cascade=cascade("a"), min_voters=1)(docs())
    assert [r.counts["union"] for r in results] == [3, 1, 0]
    assert "a" in results[0].counts["unavailable"]


def test_with_spans_for_the_retriever_only_the_first_voter_is_asked_beforehand():
    voters = {"a": Knows(BOTH), "b": Knows(BOTH)}
    method = replace(stages(voters, cascade=cascade("a")), retriever=SpanSimilarity(Letters()), k=1)
    method.index([make_shot(make_window("Ann", "left"), (0, 3, "PERSON"))])
    voters["b"].calls.clear()
    method(docs())
    assert voters["b"].calls == []


@pytest.mark.parametrize("stage", ["extraction", "classification"])
def test_all_voters_are_asked_where_one_of_the_two_stages_is_off(stage):
    shown = make_shot(make_window("Ann", "left"), (0, 3, "PERSON"))
    results = []
    for settings in ({}, {"cascade": cascade("a")}):
        voters = {"a": Knows(BOTH, ("Ann",)), "b": Knows(BOTH)}
        method = replace(stages(voters, **settings), retriever=SpanSimilarity(Letters()), k=1)
        method.index([shown])
        results.append(replace(method, stages={**method.stages, stage: False})(docs()))
    assert results[0] == results[1]
    assert [r.counts["union"] for r in results[1]] == [3, 1, 0]


def test_the_features_tell_of_doubt():
    window = make_window("Ann", "met", "Bill", "in", "Oslo")
    votes = (Vote("a", "PERSON", 0.9, {}), Vote("b", "", 0.8, {}))
    candidates = [Candidate(0, 3, "PERSON", votes=votes, confidence=0.75)]
    given_features = features(window, candidates)
    assert given_features["errors"] == 0.25
    assert (given_features["candidates"], given_features["entities"]) == (1, 1)
    assert given_features["disputed"] == 1
    assert given_features["names"] == 2
    assert features(window, []) == {**dict.fromkeys(given_features, 0.0)} | {
        "names": 2,
        "words": given_features["words"],
    }


def test_it_survives_being_plain_data():
    one = cascade("a", "b")
    assert Cascade.from_dict(one.to_dict()) == one


@pytest.mark.parametrize("damage", [{"order": ["a"]}, {"threshold": "high"}, {"doubts": [{}, {}]}])
def test_damaged_data_are_refused(damage):
    with pytest.raises((ValueError, TypeError, KeyError)):
        Cascade.from_dict({**cascade("a", "b").to_dict(), **damage})
