import math
from dataclasses import replace

import pytest
from hypothesis import given

from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.rules.paper import PaperRule
from tests.fusion.cases import any_cases, make_case
from tests.fusion.rules.examples import WEI, chancellor, classics, decide
from tests.strategies import quick


@pytest.mark.parametrize("lam", [1e-6, 0.01, 0.05, 0.1, 0.2, 0.3, 0.34, 0.3499])
def test_both_examples_of_the_paper_come_out(lam):
    """Table 2, for any λ between 0 and 0.35."""
    assert decide(PaperRule(lam), chancellor()).side == "slm"
    assert decide(PaperRule(lam), classics()).side == "llm"


def test_the_scores_are_those_of_the_formulas():
    found = decide(PaperRule(0.3), chancellor())
    assert found.slm_score == pytest.approx(1 - (0.036 + 0.038 + 0.033) / 3, abs=1e-5)
    assert found.llm_score == pytest.approx(0.3 * math.exp((0.7815 + 0.9986) / 2))


def test_equal_scores_are_the_taggers():
    case = make_case(WEI, [0.5] * 3, [(0, 3, "NR")], [], copied=0.0)
    alike = decide(PaperRule(1.0), case)
    equal = replace(alike, llm_score=alike.slm_score)
    assert equal.side == "slm"


def test_a_category_is_decided_by_the_probability_of_the_category():
    case = make_case(WEI, [0.5] * 3, [(0, 3, "NR")], [(0, 3, "NG", 0.3, 0.9)])
    assert decide(PaperRule(1.0), case).llm_score == pytest.approx(math.exp(0.3))


def test_a_boundary_is_decided_by_the_probability_of_the_boundary():
    case = make_case(WEI, [0.5] * 3, [(0, 3, "NR")], [(0, 2, "NR", 0.3, 0.9)])
    assert decide(PaperRule(1.0), case).llm_score == pytest.approx(math.exp(0.9))


def test_no_entity_of_the_language_model_is_the_mean_copy_of_the_tokens_concerned():
    case = make_case(WEI, [0.5] * 3, [(1, 3, "NR")], [])
    case = replace(case, llm=replace(case.llm, copied=(0.1, 0.6, 0.8)))
    assert decide(PaperRule(1.0), case).llm_score == pytest.approx(math.exp(0.7))


def test_no_entity_of_which_nothing_is_known_is_in_the_middle():
    case = make_case(WEI, [0.5] * 3, [(1, 3, "NR")], [])
    case = replace(case, llm=replace(case.llm, copied=()))
    assert decide(PaperRule(1.0), case).llm_score == pytest.approx(math.exp(0.5))


def test_the_entropy_is_that_of_the_tokens_concerned():
    case = make_case(WEI, [2.0, 0.1, 0.3], [(1, 3, "NR")], [])
    assert decide(PaperRule(), case).slm_score == pytest.approx(1 - 0.2, abs=1e-5)


@quick
@given(any_cases())
def test_a_tiny_lambda_believes_the_tagger_below_one_nat(case):
    rule = PaperRule(1e-12)
    for d in case.disagreements:
        mean = case.slm.entropies()[list(d.tokens)].mean()
        assert (rule(case, d).side == "slm") == (mean < 1)


@quick
@given(any_cases())
def test_a_great_lambda_believes_the_language_model(case):
    rule = PaperRule(1e9)
    assert all(rule(case, d).side == "llm" for d in case.disagreements)


@pytest.mark.parametrize("lam", [0, -1.0, math.nan, math.inf, True, "0.2"])
def test_a_lambda_that_is_not_above_0_is_refused(lam):
    with pytest.raises(ValueError, match=r"EL220.*paper.*'lam'"):
        PaperRule(lam)


def test_the_default_lambda_decides_as_the_paper_does():
    assert 0 < PaperRule().lam < 0.35


def test_the_comparison_is_described_in_numbers():
    case = make_case(WEI, [0.5] * 3, [(0, 3, "NR")], [(0, 3, "NG", 0.9, 0.9)])
    rule = PaperRule(0.2)
    (disagreement,) = case.disagreements
    said = rule.describe(case, disagreement, rule(case, disagreement))
    assert said == "1 − H = 1 − 0.50 = 0.50 ≥ λ·e^P = 0.2·e^0.90 = 0.49"


def test_where_every_lambda_is_as_good_the_own_one_stays():
    case = make_case(WEI, [0.5] * 3, [(0, 1, "NR")], [(0, 2, "NR")], gold=[(2, 3, "NR")])
    assert PaperRule(0.123).fit(Ledger([case], "entity_f1")) == PaperRule(0.123)
