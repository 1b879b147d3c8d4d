from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.fusion.fuse import fuse
from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.scores import score
from spacy_el4ner.scores import PRF
from spacy_el4ner.types import Mention
from tests.fusion.cases import any_cases, make_case, make_rule
from tests.strategies import make_window, quick

WINDOW = make_window(*"abcdef", gap="")


def gold(*mentions):
    return make_case(WINDOW, [0.1] * 6, [], [], gold=mentions)


def test_entities_are_right_where_start_end_and_label_are():
    cases = [gold((0, 2, "NR"), (3, 4, "NG")), gold((0, 1, "NR"))]
    found = [[Mention(0, 2, "NR"), Mention(3, 5, "NG")], [Mention(0, 1, "NG"), Mention(4, 5, "NR")]]
    assert score(cases, found) == PRF(p=1 / 4, r=1 / 3, f=2 / 7)


def test_tokens_are_right_where_their_tag_is_and_tags_count_alike():
    """B-NR and L-NR: right, and once more on another token; U-NG: found with another label."""
    cases = [gold((0, 2, "NR"), (3, 4, "NG"))]
    found = [[Mention(0, 2, "NR"), Mention(4, 6, "NR"), Mention(3, 4, "NR")]]
    scores = score(cases, found, "token_macro_f1")
    assert scores.p == pytest.approx((1 / 2 + 1 / 2 + 0) / 3)
    assert scores.r == pytest.approx((1 + 1 + 0) / 3)
    assert scores.f == pytest.approx((2 / 3 + 2 / 3 + 0) / 3)


def test_the_inside_of_an_entity_is_a_tag_of_its_own():
    cases = [gold((0, 4, "NR"))]
    assert score(cases, [[Mention(0, 3, "NR")]], "token_macro_f1").r == pytest.approx((1 + 0.5 + 0) / 3)


def test_without_gold_entities_there_is_nothing_to_score():
    assert score([gold()], [[Mention(0, 1, "NR")]]) == PRF(0.0, 0.0, 0.0)


def test_an_unknown_objective_is_named():
    with pytest.raises(ValueError, match=r"(?s)EL010.*accuracy.*entity_f1, token_macro_f1"):
        score([gold()], [[]], "accuracy")


@quick
@given(
    st.lists(any_cases(), min_size=1, max_size=3),
    st.floats(0.01, 1),
    st.sampled_from(["entity_f1", "token_macro_f1"]),
)
def test_the_books_say_the_same_as_fusing_and_scoring(cases, lam, objective):
    rule = make_rule("paper", lam)
    cases[0] = replace(cases[0], llm=None)
    fused = [[Mention(m.start, m.end, m.label) for m in fuse(case, rule).entities] for case in cases]
    expected = score(cases, fused, objective).f
    ledger = Ledger(cases, objective)
    if ledger.gold.size:
        assert ledger.f1(rule.choices(ledger)) == pytest.approx(expected)
        assert ledger.by_case(rule.choices(ledger)).shape[0] == len(cases)


def disagreeing(right):
    """Windows where one side or the other is right."""
    sides = [(0, 2, "NR")], [(1, 3, "NR")]
    return [
        make_case(WINDOW, [0.1] * 6, *(sides if tagger else sides[::-1]), gold=sides[0])
        for tagger in right
    ]


@pytest.mark.parametrize("objective", ["entity_f1", "token_macro_f1"])
def test_gains_of_windows_add_up_to_the_gain_of_all(objective):
    """To first order, which is exact here: both sides name as many."""
    ledger = Ledger(disagreeing([True] * 7 + [False] * 3), objective)
    choices = np.zeros((2, len(ledger.disagreements)), dtype=np.bool_)
    choices[0] = True
    choices[1, ::2] = True
    gained = ledger.f1(choices) - ledger.f1(choices[0])
    assert ledger.gains(choices).sum(-1) == pytest.approx(gained)
    assert not ledger.gains(choices[:1]).any()
    assert ledger.gains(choices).shape == (2, 10)
