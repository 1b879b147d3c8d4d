import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.fusion.fuse import fuse
from spacy_el4ner.fusion.routing import find_threshold, uncertainty
from spacy_el4ner.fusion.scores import score
from spacy_el4ner.slm.reading import SLMReading
from tests.fusion.cases import SCHEME, TAGS, any_cases, make_case, make_rule, slm
from tests.fusion.cases import mentions as fused_mentions
from tests.strategies import make_window, quick

ABC = make_window(*"abc", gap="")
RIGHT, WRONG = (0, 1, "NR"), (1, 3, "NR")


def sample(unsure, slm_right, llm_right):
    """A window as unsure as that, in which either model is right or wrong."""
    sides = [[RIGHT if right else WRONG] for right in (slm_right, llm_right)]
    return make_case(ABC, [unsure] * 3, *sides, gold=[RIGHT])


def mentions(case, rule):
    return fused_mentions(fuse(case, rule))


def test_the_uncertainty_is_that_of_all_tokens_together():
    assert uncertainty(slm([0.1, 1.5, 0.3])) == pytest.approx(1.9, abs=1e-5)


def test_a_window_without_tokens_is_certain():
    assert uncertainty(SLMReading((), (), np.zeros((0, TAGS), np.float32), SCHEME)) == 0


@quick
@given(any_cases(), st.floats(0.001, 0.36))
def test_the_paper_rule_needs_nobody_where_the_uncertainty_is_not_above_its_bound(case, lam):
    """S_S ≥ 1 − ΣH ≥ λe ≥ S_L: so the default threshold loses nothing either."""
    rule = make_rule("paper", lam)
    if uncertainty(case.slm) <= 1 - lam * math.e:
        assert mentions(case, rule) == list(case.slm.mentions)


def test_the_fewest_windows_are_asked_about_that_lose_nothing():
    """The language model is right where the tagger is unsure and wrong, and both are elsewhere."""
    cases = [sample(2.0 + n / 100, False, True) for n in range(30)]
    cases += [sample(0.9 - n / 100, True, True) for n in range(70)]
    found = find_threshold(cases, make_rule("llm"), tolerance=0.02)
    assert found.share == pytest.approx(0.3)
    assert 3 * 0.9 < found.threshold < 3 * 2.0
    assert (found.f1, found.always) == (1.0, 1.0)


def test_nobody_is_asked_where_it_does_not_help():
    cases = [sample(n / 10, True, n % 2 == 0) for n in range(20)]
    found = find_threshold(cases, make_rule("llm"))
    assert found.share == 0
    assert not any(uncertainty(case.slm) > found.threshold for case in cases)


def test_all_are_asked_about_where_each_answer_helps():
    cases = [sample(n / 10, False, True) for n in range(20)]
    found = find_threshold(cases, make_rule("llm"))
    assert (found.share, found.f1) == (1.0, 1.0)
    assert all(uncertainty(case.slm) > found.threshold for case in cases)


def test_a_tolerance_asks_less():
    cases = [sample(n / 50, n < 98, True) for n in range(100)] + [sample(0.01, False, True)]
    strict = find_threshold(cases, make_rule("llm"))
    loose = find_threshold(cases, make_rule("llm"), tolerance=0.04)
    assert loose.share < 0.1 < strict.share
    assert loose.f1 >= strict.always - 0.01


def test_what_was_not_seen_among_few_may_be_there():
    """As many answers matter, none of them among those left out; of fewer windows less is known."""
    rule = make_rule("llm")
    for certain, asked in ((20, 1.0), (400, 10 / 410)):
        cases = [sample(1.5 + n / 100, False, True) for n in range(10)]
        cases += [sample(n / 1000, True, True) for n in range(certain)]
        assert find_threshold(cases, rule, tolerance=0.005).share == pytest.approx(asked)


def test_a_budget_is_kept_and_spent():
    """Each answer helps, so that none can be left out without a loss."""
    cases = [sample(2.0 - n / 100, False, True) for n in range(50)]
    rule = make_rule("llm")
    assert find_threshold(cases, rule).share == 1.0
    assert find_threshold(cases, rule, budget=0.4).share == pytest.approx(0.4)


def test_a_threshold_that_does_well_by_chance_is_not_taken():
    """The third answer happens to mend what the second spoils, and the fourth spoils it again."""
    helps = [True, False, True, False, True, True, True, True]
    cases = [sample(2.0 - n / 10, not good, good) for n, good in enumerate(helps)]
    cases += [sample(0.1, True, True) for _ in range(8)]
    routing = find_threshold(cases, make_rule("llm"), tolerance=0.2)
    lost = [p.share for p in routing.curve if p.f1 < routing.always - 0.2]
    fewer = [p.share for p in routing.curve if p.share < routing.share and p.f1 >= routing.always - 0.2]
    assert fewer
    assert routing.share > max(lost)


def test_what_is_lost_and_won_alike_is_asked_about_all_the_same():
    """On other text the one may be more often than the other."""
    cases = [sample(2.0, False, True), *[sample(0.1, True, True)] * 20]
    cases += [sample(1.0 + n / 100, n % 2 == 0, n % 2 == 1) for n in range(10)]
    routing = find_threshold(cases, make_rule("llm"))
    alike = next(p for p in routing.curve if p.share == 1 / 31)
    assert alike.f1 == pytest.approx(routing.always)
    assert alike.error > 0.05
    assert routing.share >= 10 / 31


def test_a_budget_changes_nothing_where_less_is_enough():
    cases = [sample(2.0, False, True)] + [sample(0.1, True, True)] * 99
    rule = make_rule("llm")
    enough = find_threshold(cases, rule, tolerance=0.02)
    assert enough.share == pytest.approx(0.01)
    assert find_threshold(cases, rule, tolerance=0.02, budget=0.4) == enough


def test_windows_that_are_as_unsure_are_asked_about_together():
    cases = [sample(1.0, False, True), sample(1.0, True, False), sample(0.5, True, True)]
    curve = find_threshold(cases, make_rule("llm")).curve
    assert [round(point.share, 3) for point in curve] == [0.0, 0.667, 1.0]


@quick
@given(st.lists(any_cases(), min_size=1, max_size=4), st.floats(0.05, 1))
def test_the_curve_is_what_routing_by_it_gives(cases, lam):
    rule = make_rule("paper", lam)
    if not any(case.gold for case in cases):
        return
    routing = find_threshold(cases, rule)
    for point in routing.curve:
        asked = [uncertainty(case.slm) > point.threshold for case in cases]
        routed = [c if ask else replace(c, llm=None) for c, ask in zip(cases, asked, strict=True)]
        expected = score(cases, [mentions(case, rule) for case in routed]).f
        assert point.f1 == pytest.approx(expected)
        assert point.share == sum(asked) / len(cases)
    assert routing.f1 >= routing.always - 1e-9
