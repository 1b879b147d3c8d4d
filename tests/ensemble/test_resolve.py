from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.ensemble.resolve import resolve
from spacy_el4ner.types import Candidate, Vote
from tests.strategies import quick

spans = st.tuples(st.integers(0, 12), st.integers(1, 5)).map(lambda t: (t[0], t[0] + t[1]))


@st.composite
def candidates(draw):
    places = st.tuples(spans, st.sampled_from(["ORG", "PERSON"]))
    return [
        Candidate(
            start,
            end,
            label,
            proposals=dict.fromkeys(range(draw(st.integers(1, 3))), 0.5),
            confidence=draw(st.sampled_from([0.2, 0.5, 0.1 + 0.4, 0.9, 1.0])),
        )
        for (start, end), label in draw(st.lists(places, max_size=8, unique=True))
    ]


def overlap(a, b):
    return a[0] < b[1] and b[0] < a[1]


def place(candidate):
    return candidate.start, candidate.end


def candidate(start, end, confidence, label="ORG", proposers="a"):
    return Candidate(start, end, label, proposals=dict.fromkeys(proposers, 0.5), confidence=confidence)


@quick
@given(candidates(), st.lists(spans, max_size=2))
def test_what_is_kept_overlaps_neither_itself_nor_what_is_taken(given_candidates, taken):
    kept = [place(c) for c in resolve(given_candidates, taken)]
    assert kept == sorted(kept)
    for n, span in enumerate(kept):
        assert not any(overlap(span, other) for other in [*kept[n + 1 :], *taken])


@quick
@given(candidates(), st.lists(spans, max_size=2))
def test_what_is_dropped_overlaps_something_no_weaker(given_candidates, taken):
    def strength(candidate):
        return candidate.confidence + len(candidate.proposals)

    kept = resolve(given_candidates, taken)
    for dropped in given_candidates:
        if dropped not in kept:
            stronger = [place(k) for k in kept if strength(k) >= strength(dropped) - 1e-9]
            assert any(overlap(place(dropped), other) for other in [*stronger, *taken])


@quick
@given(st.data(), candidates())
def test_the_order_of_the_candidates_decides_nothing(data, given_candidates):
    shuffled = data.draw(st.permutations(given_candidates))
    assert resolve(shuffled) == resolve(given_candidates)


def test_the_most_confident_of_overlapping_candidates_is_kept():
    weak, strong = candidate(0, 8, 0.6), candidate(4, 8, 0.7)
    assert resolve([weak, strong]) == [strong]


def test_the_one_that_more_of_the_voters_extracted_outweighs_a_little_confidence():
    votes = tuple(Vote(name, "ORG", 0.5, {"ORG": 0.5}) for name in "abc")
    few, many = candidate(0, 8, 0.7, proposers="a"), candidate(4, 8, 0.6, proposers="abc")
    few, many = replace(few, votes=votes), replace(many, votes=votes)
    assert resolve([few, many]) == [many]
    sure = replace(few, confidence=1.0, proposals=dict.fromkeys("ab", 0.5))
    assert resolve([sure, many]) == [sure]


def test_of_equals_the_longer_then_the_earlier_is_kept():
    short, long, later = candidate(0, 4, 0.5), candidate(2, 8, 0.5), candidate(7, 13, 0.5)
    assert resolve([short, later, long]) == [long]


def test_of_equals_in_all_else_the_first_label_in_the_alphabet_is_kept():
    org, person = candidate(0, 8, 0.5, "ORG"), candidate(0, 8, 0.5, "PERSON")
    assert resolve([org, person]) == resolve([person, org]) == [org]


def test_candidates_that_touch_are_both_kept():
    first, second = candidate(0, 4, 0.5), candidate(4, 8, 0.9)
    assert resolve([second, first]) == [first, second]


def test_what_is_taken_stays_however_confident_the_candidate():
    assert resolve([candidate(0, 8, 1.0)], [(7, 9)]) == []
    assert resolve([candidate(0, 8, 1.0)], [(8, 9)]) == [candidate(0, 8, 1.0)]
