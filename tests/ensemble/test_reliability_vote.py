import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.ensemble.reliability_vote import ReliabilityVote
from spacy_el4ner.ensemble.vote import FittedVoteRule, MajorityVote, VoteRule
from spacy_el4ner.errors import EL4NERValueError
from spacy_el4ner.types import Vote
from tests.strategies import quick

LABELS = ("PERSON", "GPE")


def hard(voter, label):
    return Vote(voter, label, 1.0, {**dict.fromkeys(["", *LABELS], 0.0), label: 1.0})


def spans():
    """Three voters: "sure" is always right, the others call every GPE a PERSON and know the rest."""
    gold = ["PERSON", "GPE", ""] * 20
    votes = [
        [hard("sure", g), *(hard(name, "PERSON" if g == "GPE" else g) for name in ("b", "c"))]
        for g in gold
    ]
    return votes, gold


@pytest.fixture(scope="module")
def fitted():
    return ReliabilityVote().fit(*spans(), LABELS)


def test_it_is_a_rule_that_learns(fitted):
    assert isinstance(fitted, VoteRule)
    assert isinstance(fitted, FittedVoteRule)
    assert not isinstance(MajorityVote(), FittedVoteRule)


def test_a_voter_known_to_be_right_outweighs_two_known_to_confuse_the_labels(fitted):
    votes = [hard("sure", "GPE"), hard("b", "PERSON"), hard("c", "PERSON")]
    assert MajorityVote()(votes, LABELS) == "PERSON"
    assert fitted(votes, LABELS) == "GPE"


def test_before_a_fit_all_voters_are_alike():
    votes = [hard("sure", "GPE"), hard("b", "PERSON"), hard("c", "PERSON")]
    assert ReliabilityVote()(votes, LABELS) == "PERSON"
    assert ReliabilityVote().remarks() == ReliabilityVote().parameters == {}


def test_it_learns_without_labels_whom_a_reliable_majority_agrees_with():
    """Two of four voters confuse a label with another, each at random half of the time."""
    votes = []
    for n in range(120):
        right = ["PERSON", "GPE", ""][n % 3]
        other = "GPE" if right == "PERSON" else "PERSON"
        wrong = (n // 3) % 2 == 0, (n // 6) % 2 == 0
        votes.append(
            [
                hard("a", right),
                hard("b", right),
                hard("c", other if wrong[0] else right),
                hard("d", other if wrong[1] else right),
            ]
        )
    fitted = ReliabilityVote().fit(votes, [None] * 120, LABELS)
    tied = [hard("a", "GPE"), hard("c", "PERSON")]
    assert ReliabilityVote()(tied, LABELS) == "PERSON"
    assert fitted(tied, LABELS) == "GPE"


def test_an_abstention_counts_neither_in_the_fit_nor_in_the_vote(fitted):
    votes, gold = spans()
    silent = Vote("silent", "", 0.0, {}, abstained=True)
    again = ReliabilityVote().fit([[*cast, silent] for cast in votes], gold, LABELS)
    assert again.reliability.voters["sure"] == fitted.reliability.voters["sure"]
    assert set(again.reliability.voters["silent"].spans.values()) == {0.0}
    cast = [hard("sure", "GPE"), hard("b", "PERSON")]
    assert again.posterior([*cast, silent], LABELS) == again.posterior(cast, LABELS)


def test_an_unread_vote_is_one_for_no_entity(fitted):
    unread = Vote("sure", "", 0.0, dict.fromkeys(["", *LABELS], 0.0), unread=True)
    assert fitted.posterior([unread], LABELS) == fitted.posterior([hard("sure", "")], LABELS)


def test_a_wavering_vote_says_less_than_a_sure_one(fitted):
    sure, wavering = hard("sure", "GPE"), Vote("sure", "GPE", 0.6, {"GPE": 0.6, "PERSON": 0.4, "": 0.0})
    chances = [fitted.posterior([vote], LABELS)["GPE"] for vote in (sure, wavering)]
    assert chances[0] > chances[1]


def test_a_gold_label_that_the_ensemble_lacks_is_no_entity_to_it():
    votes, gold = spans()
    others = [g or "EVENT" for g in gold]
    assert ReliabilityVote().fit(votes, others, LABELS).parameters == (
        ReliabilityVote().fit(votes, gold, LABELS).parameters
    )


@quick
@given(
    st.permutations(["sure", "b", "c", "unknown"]),
    st.lists(st.sampled_from(["", *LABELS]), min_size=4, max_size=4),
)
def test_the_order_of_the_voters_decides_nothing(order, chosen):
    fitted = ReliabilityVote().fit(*spans(), LABELS)
    votes = {name: hard(name, label) for name, label in zip(sorted(order), chosen, strict=True)}
    posterior = fitted.posterior([votes[name] for name in order], LABELS)
    assert posterior == fitted.posterior([votes[name] for name in sorted(order)], LABELS)
    assert sum(posterior.values()) == pytest.approx(1)


def test_a_tie_goes_to_the_first_label_and_no_entity_last():
    tied = [hard("a", "GPE"), hard("b", "PERSON")]
    assert ReliabilityVote()(tied, LABELS) == "PERSON"
    assert ReliabilityVote()(tied, LABELS[::-1]) == "GPE"
    assert ReliabilityVote()([hard("a", ""), hard("b", "GPE")], LABELS) == "GPE"


def test_a_fit_to_other_labels_is_not_used(fitted):
    votes = [replace(hard("sure", "GPE"), probabilities={"GPE": 1.0})]
    labels = ("PERSON", "GPE", "ORG")
    assert fitted.posterior(votes, labels) == ReliabilityVote().posterior(votes, labels)


def test_parameters_survive_json(fitted):
    again = ReliabilityVote().with_parameters(json.loads(json.dumps(fitted.parameters)))
    assert again.reliability == fitted.reliability
    assert again.with_parameters({}).reliability is None


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: data.pop("prior"),
        lambda data: data["prior"].update(GPE=2.0),
        lambda data: data["voters"]["sure"]["confusion"].pop("GPE"),
        lambda data: data["voters"]["sure"]["confusion"]["GPE"].update(GPE="much"),
        lambda data: data["voters"].update(sure=None),
    ],
)
def test_damaged_parameters_are_refused(fitted, damage):
    data = json.loads(json.dumps(fitted.parameters))
    damage(data)
    with pytest.raises(EL4NERValueError, match="EL293"):
        ReliabilityVote().with_parameters(data)


@pytest.mark.parametrize("settings", [{"accuracy": 1.0}, {"accuracy": 0.0}, {"strength": 0.0}])
def test_an_assumption_that_cannot_be_is_refused(settings):
    with pytest.raises(EL4NERValueError, match=rf"EL010.*vote.{next(iter(settings))}"):
        ReliabilityVote(**settings)


def test_the_remark_names_the_labels_that_a_voter_is_best_and_weakest_at(fitted):
    said = fitted.remarks()["b"]
    assert said.startswith("best at PERSON (0.90)")
    assert "weakest at GPE (0.23, where PERSON gets 0.72)" in said


def test_of_few_spans_nothing_is_said():
    votes, gold = spans()
    few = ReliabilityVote().fit(votes[:9], gold[:9], LABELS)
    assert "nothing is known" in few.remarks()["b"]
