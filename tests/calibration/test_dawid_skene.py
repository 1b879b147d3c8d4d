import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.calibration.dawid_skene import UNKNOWN, estimate
from spacy_el4ner.ensemble.reliability import pseudo_votes
from tests.strategies import quick

CONFUSION = np.array(
    [
        [[0.90, 0.05, 0.05], [0.05, 0.90, 0.05], [0.10, 0.10, 0.80]],
        [[0.85, 0.05, 0.10], [0.60, 0.30, 0.10], [0.05, 0.05, 0.90]],
        [[0.50, 0.20, 0.30], [0.10, 0.80, 0.10], [0.20, 0.20, 0.60]],
        [[0.70, 0.20, 0.10], [0.10, 0.70, 0.20], [0.20, 0.10, 0.70]],
    ]
)
SHARES = np.array([0.3, 0.2, 0.5])
PSEUDO = pseudo_votes(3, 0.7, 10.0)


def simulated(items, seed, answers=1.0):
    """Items of known classes, and hard votes drawn from the confusions; some votes are missing."""
    chance = np.random.default_rng(seed)
    right = chance.choice(3, size=items, p=SHARES)
    votes = np.zeros((items, len(CONFUSION), 3))
    for n, k in enumerate(right):
        for j, rows in enumerate(CONFUSION):
            if chance.random() < answers:
                votes[n, j, chance.choice(3, p=rows[k])] = 1
    return votes, right


def unknown(items):
    return np.full(items, UNKNOWN)


def slowly(votes, known, pseudo, rounds):
    """The same method, one number after another, as Dawid and Skene write it."""
    items, annotators, classes = votes.shape

    def certain(n, weights):
        if known[n] != UNKNOWN:
            return [float(k == known[n]) for k in range(classes)]
        return [weight / sum(weights) for weight in weights]

    t = [certain(n, [votes[n, :, k].sum() + 1e-9 for k in range(classes)]) for n in range(items)]
    for _ in range(rounds):
        p = [(sum(t[n][k] for n in range(items)) + 1) / (items + classes) for k in range(classes)]
        theta = []
        for j in range(annotators):
            theta.append([])
            for k in range(classes):
                row = [
                    sum(t[n][k] * votes[n, j, label] for n in range(items)) + pseudo[k, label]
                    for label in range(classes)
                ]
                theta[j].append([count / sum(row) for count in row])
        for n in range(items):
            weights = []
            for k in range(classes):
                weight = p[k]
                for j in range(annotators):
                    for label in range(classes):
                        weight *= theta[j][k][label] ** votes[n, j, label]
                weights.append(weight)
            t[n] = certain(n, weights)
    return p, theta, t


@pytest.mark.parametrize("labelled", [0, 8])
def test_it_is_what_the_equations_give_one_number_after_another(labelled):
    votes, right = simulated(40, 3, answers=0.8)
    votes[5, 1] = (0.5, 0.3, 0.2)
    known = unknown(40)
    known[:labelled] = right[:labelled]
    found = estimate(votes, known, PSEUDO)
    prior, confusion, posterior = slowly(votes, known, PSEUDO, len(found.objective))
    assert found.prior == pytest.approx(np.array(prior))
    assert found.confusion == pytest.approx(np.array(confusion))
    assert found.posterior == pytest.approx(np.array(posterior))


def test_confusions_are_recovered_from_votes_without_labels():
    votes, right = simulated(4000, 0)
    found = estimate(votes, unknown(4000), PSEUDO)
    assert np.abs(found.confusion - CONFUSION).max() < 0.06
    assert np.abs(found.prior - SHARES).max() < 0.03
    majority = votes.sum(axis=1).argmax(axis=1)
    assert (found.posterior.argmax(axis=1) == right).mean() > (majority == right).mean() + 0.02


def test_missing_votes_are_not_wrong_ones():
    votes, _ = simulated(6000, 1, answers=0.6)
    found = estimate(votes, unknown(6000), PSEUDO)
    assert np.abs(found.confusion - CONFUSION).max() < 0.08


def test_an_annotator_that_never_votes_changes_nothing_and_keeps_the_prior():
    votes, _ = simulated(200, 2)
    silent = np.concatenate([votes, np.zeros((200, 1, 3))], axis=1)
    with_, without = (estimate(v, unknown(200), PSEUDO) for v in (silent, votes))
    assert with_.posterior == pytest.approx(without.posterior)
    assert with_.confusion[-1] == pytest.approx(PSEUDO / PSEUDO.sum(axis=1, keepdims=True))


def test_with_all_labels_the_confusions_are_counts():
    votes, right = simulated(300, 4)
    found = estimate(votes, right, PSEUDO)
    counts = np.stack([votes[right == k].sum(axis=0) for k in range(3)], axis=1) + PSEUDO
    assert found.confusion == pytest.approx(counts / counts.sum(axis=2, keepdims=True))
    assert (found.posterior.argmax(axis=1) == right).all()


def test_a_few_labels_tell_two_annotators_apart_who_always_differ():
    """One of them is right, and nothing but labels can say which."""
    right = np.arange(60) % 2
    votes = np.zeros((60, 2, 2))
    votes[np.arange(60), 0, right] = votes[np.arange(60), 1, 1 - right] = 1
    known = np.where(np.arange(60) < 12, right, UNKNOWN)
    found = estimate(votes, known, pseudo_votes(2, 0.7, 1.0))
    assert (found.posterior.argmax(axis=1) == right).all()


def test_a_soft_vote_counts_by_its_shares():
    """The choice is always the same, and only its share differs between the classes."""
    right = np.arange(200) % 2
    votes = np.where(right[:, None] == 0, (0.9, 0.1), (0.6, 0.4))[:, None, :]
    pseudo = pseudo_votes(2, 0.7, 1.0)
    confusion = estimate(votes, right, pseudo).confusion[0]
    assert confusion == pytest.approx(np.array([(0.9, 0.1), (0.6, 0.4)]), abs=0.02)
    known = np.where(np.arange(200) < 100, right, UNKNOWN)
    assert (estimate(votes, known, pseudo).posterior.argmax(axis=1) == right).all()


@quick
@given(st.integers(0, 1000), st.integers(1, 30), st.floats(0.1, 1.0))
def test_no_round_is_worse_than_the_one_before(seed, items, answers):
    votes, right = simulated(items, seed, answers)
    known = np.where(np.arange(items) % 3 == 0, right, UNKNOWN)
    found = estimate(votes, known, PSEUDO)
    assert np.diff(found.objective).min(initial=0) > -1e-8
    assert math.isclose(found.prior.sum(), 1)
    assert found.posterior.sum(axis=1) == pytest.approx(np.ones(items))


def test_without_items_there_is_only_the_prior():
    found = estimate(np.zeros((0, 2, 3)), unknown(0), PSEUDO)
    assert found.confusion[0] == pytest.approx(PSEUDO / PSEUDO.sum(axis=1, keepdims=True))
    assert found.prior == pytest.approx(np.full(3, 1 / 3))
