from dataclasses import replace

import pytest

from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.ensemble.panel import Absences
from spacy_el4ner.retrieval.span_similarity import SpanSimilarity
from spacy_el4ner.voters.base import Proposals
from tests.ensemble.scripted_voters import TEXTS, Down, Knows, Verifies, docs, found, stages
from tests.strategies import make_shot, make_window
from tests.training.sft.corpus import Letters

ANN = {"Ann": "PERSON", "Oslo": "GPE"}
BOTH = {**ANN, "Bill": "PERSON", "Lima": "GPE"}


def test_the_candidates_are_the_union_of_the_proposals():
    voters = {"a": Knows(BOTH, ("Ann",)), "b": Knows(BOTH, ("Oslo", "Ann"))}
    (result,) = stages(voters)(docs(TEXTS[:1]))
    proposed = [set(c.proposals) for c in result.candidates]
    assert proposed == [{"a", "b"}, {"b"}]
    assert result.counts["proposed"] == {"a": 1, "b": 2}
    assert result.counts["union"] == 2


def test_the_majority_of_the_votes_decides():
    other = {**BOTH, "Ann": "GPE"}
    results = stages({"a": Knows(BOTH), "b": Knows(other), "c": Knows(BOTH)})(docs())
    labels = [[candidate[:2] for candidate in candidates] for candidates in found(results)]
    assert labels == [[("Ann", "PERSON"), ("Bill", "PERSON"), ("Oslo", "GPE")], [("Lima", "GPE")], []]


def test_a_span_that_is_voted_down_is_dropped():
    none = {"Ann": ""}
    trace = stages({"a": Knows(ANN), "b": Knows(none), "c": Knows(none)}).trace(docs(TEXTS[:1]))
    assert [c.label for c in trace.classified] == ["", "GPE"]
    assert found(trace.results, TEXTS[:1]) == [[("Oslo", "GPE", 0.9)]]


def test_an_abstention_is_missing_and_not_a_vote_for_no_entity():
    voters = {"a": Knows(ANN), "b": Knows({}), "c": Knows({})}
    (result,) = stages(voters)(docs(TEXTS[:1]))
    assert found([result], TEXTS[:1]) == [[("Ann", "PERSON", 0.9), ("Oslo", "GPE", 0.9)]]
    assert [vote.abstained for vote in result.candidates[0].votes] == [False, True, True]


def test_a_span_that_all_voters_abstain_on_is_no_entity():
    voters = {"a": Knows({}, ("Ann",)), "b": Knows({})}
    (result,) = stages(voters)(docs(TEXTS[:1]))
    assert result.candidates == []
    assert (result.counts["union"], result.counts["typed"]) == (1, 0)


def test_the_verifier_drops_what_it_denies_and_counts_in_the_confidence():
    results = stages({"a": Verifies(BOTH)}, verifier="a")(docs())
    assert found(results) == [
        [("Ann", "PERSON", 0.8), ("Oslo", "GPE", 0.8)],
        [("Lima", "GPE", 0.8)],
        [],
    ]


def test_another_voter_verifies_if_the_verifier_is_not_there():
    voters = {"down": Down(BOTH, "propose"), "knows": Knows(BOTH), "able": Verifies(BOTH)}
    (result,) = stages(voters, verifier="down", min_voters=1)(docs(TEXTS[:1]))
    assert {c.verdict.voter for c in result.candidates} == {"able"}


@pytest.mark.parametrize("request_", ["propose", "classify"])
def test_the_others_go_on_without_a_voter_that_is_down(request_):
    voters = {"down": Down({"Ann": "GPE"}, request_), "up": Knows(ANN)}
    (result,) = stages(voters, min_voters=1)(docs(TEXTS[:1]))
    assert found([result], TEXTS[:1]) == [[("Ann", "PERSON", 0.9), ("Oslo", "GPE", 0.9)]]
    assert result.counts["unavailable"] == {"down": "nobody at home"}


def test_a_needed_voter_that_is_down_is_an_error():
    with pytest.raises(BackendUnavailable, match="nobody at home"):
        stages({"down": Down(ANN, "propose"), "up": Knows(ANN)})(docs())


def test_a_voter_that_was_down_is_tried_again_after_the_pause():
    now = [0.0]
    down = Down(ANN, "propose")
    absences = Absences(retry_after=10, clock=lambda: now[0])
    method = stages({"down": down, "up": Knows(ANN)}, min_voters=1, absences=absences)
    method(docs())
    down.request = None
    for seconds, absent in ((9.0, True), (10.0, False)):
        now[0] = seconds
        (result, *_) = method(docs())
        assert ("down" in result.counts["unavailable"]) is absent


def test_where_too_few_voters_are_left_none_is_asked_until_the_pause_is_over():
    now = [0.0]
    down, up = Down(ANN, "propose"), Knows(ANN)
    absences = Absences(retry_after=10, clock=lambda: now[0])
    method = stages({"down": down, "up": up}, absences=absences)
    with pytest.raises(BackendUnavailable, match="nobody at home"):
        method(docs())
    down.request = None
    now[0] = 9.0
    with pytest.raises(BackendUnavailable, match=r"EL310.*1 of the 2 .*nobody at home.*after 10 s"):
        method(docs())
    now[0] = 10.0
    assert method(docs())


def test_each_voter_is_asked_once_per_stage_about_the_whole_batch():
    voter = Verifies(BOTH)
    stages({"a": voter}, verifier="a")(docs())
    assert voter.calls == [("propose", 3), ("classify", 2), ("verify", 2)]


def test_a_batch_gives_what_its_documents_give_alone():
    voters = {"a": Verifies(BOTH), "b": Knows(ANN)}
    together = found(stages(voters, verifier="a")(docs()))
    alone = [found(stages(voters, verifier="a")(docs([text])), [text])[0] for text in TEXTS]
    assert together == alone


def test_the_pool_is_not_read_where_no_demonstration_is_shown():
    pool = [make_shot(make_window("Ann", "left"), (0, 3, "PERSON"))]
    for k, asked in ((0, []), (3, [("propose", 1)])):
        voter = Knows(ANN)
        method = replace(stages({"a": voter}, k=k), retriever=SpanSimilarity(Letters()))
        (entry,) = method.index(pool)
        assert voter.calls == asked
        assert entry.spans == (("Ann",) if k else ())


class Sloppy(Knows):
    """Proposes the same spans everywhere, most of which are no tokens."""

    def propose(self, windows, demonstrations, labels, hints=()):
        return [Proposals({(0, 1): 0.9, (1, 3): 0.9, (3, 4): 0.9, (2, 2): 0.9, (0, 99): 0.9})] * len(
            windows
        )


def test_spans_of_a_voter_that_are_no_tokens_are_widened_or_counted():
    trace = stages({"a": Sloppy(BOTH)}).trace(docs(TEXTS[:1]))
    assert found(trace.results, TEXTS[:1]) == [[("Ann", "PERSON", 0.9)]]
    assert trace.proposed["a"][0].unaligned == 3


def test_a_voter_that_cannot_say_what_it_reads_is_absent():
    class Silent(Knows):
        def coverage(self, windows, demonstrations, labels):
            raise BackendUnavailable("nobody at home")

    (result,) = stages({"a": Knows(ANN), "b": Silent(BOTH)}, min_voters=1)(docs(TEXTS[:1]))
    assert result.counts["unavailable"] == {"b": "nobody at home"}
    assert [vote.voter for vote in result.candidates[0].votes] == ["a"]


def test_a_voter_that_verifies_in_vain_does_not_take_the_place_of_the_verifier():
    class Vain(Verifies):
        verifies, denied = False, tuple(BOTH)

    class Gone(Verifies):
        def verify(self, *args):
            raise BackendUnavailable("nobody at home")

    voters = {"a": Gone(BOTH), "b": Vain(BOTH)}
    (result,) = stages(voters, verifier="a", min_voters=1)(docs(TEXTS[:1]))
    assert [c.verdict for c in result.candidates] == [None] * 3


def test_a_pool_whose_demonstrations_are_off_is_not_read():
    voter = Knows(BOTH)
    off = {**stages({}).stages, "demonstrations": False}
    method = replace(stages({"a": voter}), stages=off, retriever=SpanSimilarity(Letters()))
    method.entries([make_shot(make_window("Ann", "left"))])
    assert voter.calls == []
