import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.disagreements import disagreements
from spacy_el4ner.fusion.logistic import Weights
from spacy_el4ner.fusion.rules import RULES, make_rule
from tests.fusion.cases import any_cases, make_case
from tests.strategies import make_window, quick

EVIDENCE = {"entropy": -1.0, "boundary": -0.5, "same_spans": 0.3}
TYPES = {f"{side}:{label}": 0.2 for side in ("slm", "llm") for label in ("NR", "NG", "NS", "NB")}
LEARNED = Weights(0.1, EVIDENCE | TYPES)
WEI, BOOKS = make_window(*"魏丞相", gap=""), make_window(*"诗书", gap="")


def one(case):
    (found,) = disagreements(case)
    return found


def decide(name, case, **calibration):
    return make_rule(name, Calibration(**calibration))(case, one(case))


def chancellor():
    """The paper's first example: 魏丞相 as one name, or as a state and a name."""
    llm = [(0, 1, "NG", 0.7815, 0.7815), (1, 3, "NR", 0.9986, 0.9986)]
    return make_case(WEI, [0.036, 0.038, 0.033], [(0, 3, "NR")], llm)


def classics():
    """The paper's second example: 诗书 as one title, or as two."""
    llm = [(0, 1, "NB", 0.9062, 0.9062), (1, 2, "NB", 0.9998, 0.9998)]
    return make_case(BOOKS, [2.537, 2.425], [(0, 2, "NB")], llm)


@pytest.mark.parametrize("lam", [1e-6, 0.01, 0.05, 0.1, 0.2, 0.3, 0.34, 0.3499])
def test_both_examples_of_the_paper_come_out(lam):
    """Table 2, for any λ between 0 and 0.35."""
    assert decide("paper", chancellor(), lam=lam).side == "slm"
    assert decide("paper", classics(), lam=lam).side == "llm"


def test_the_scores_are_those_of_the_formulas():
    found = decide("paper", chancellor(), lam=0.3)
    assert found.slm_score == pytest.approx(1 - (0.036 + 0.038 + 0.033) / 3, abs=1e-5)
    assert found.llm_score == pytest.approx(0.3 * math.exp((0.7815 + 0.9986) / 2))


def test_equal_scores_are_the_taggers():
    case = make_case(WEI, [0.5] * 3, [(0, 3, "NR")], [], copied=0.0)
    alike = decide("paper", case, lam=1.0)
    equal = replace(alike, llm_score=alike.slm_score)
    assert equal.side == "slm"


def test_a_category_is_decided_by_the_probability_of_the_category():
    case = make_case(WEI, [0.5] * 3, [(0, 3, "NR")], [(0, 3, "NG", 0.3, 0.9)])
    assert decide("paper", case, lam=1.0).llm_score == pytest.approx(math.exp(0.3))


def test_a_boundary_is_decided_by_the_probability_of_the_boundary():
    case = make_case(WEI, [0.5] * 3, [(0, 3, "NR")], [(0, 2, "NR", 0.3, 0.9)])
    assert decide("paper", case, lam=1.0).llm_score == pytest.approx(math.exp(0.9))


def test_no_entity_of_the_language_model_is_the_mean_copy_of_the_tokens_concerned():
    case = make_case(WEI, [0.5] * 3, [(1, 3, "NR")], [])
    case = replace(case, llm=replace(case.llm, copied=(0.1, 0.6, 0.8)))
    assert decide("paper", case, lam=1.0).llm_score == pytest.approx(math.exp(0.7))


def test_no_entity_of_which_nothing_is_known_is_in_the_middle():
    case = make_case(WEI, [0.5] * 3, [(1, 3, "NR")], [])
    case = replace(case, llm=replace(case.llm, copied=()))
    assert decide("paper", case, lam=1.0).llm_score == pytest.approx(math.exp(0.5))


def test_the_entropy_is_that_of_the_tokens_concerned():
    case = make_case(WEI, [2.0, 0.1, 0.3], [(1, 3, "NR")], [])
    assert decide("paper", case).slm_score == pytest.approx(1 - 0.2, abs=1e-5)


def test_the_scaled_entropy_is_a_share_of_the_greatest():
    case = make_case(WEI, [1.0] * 3, [(0, 3, "NR")], [])
    assert decide("scaled", case).slm_score == pytest.approx(1 - 1 / math.log(13), abs=1e-5)


def test_temperatures_change_the_scaled_rule_alone():
    case = make_case(WEI, [1.0] * 3, [(0, 3, "NR")], [])
    hot = {"slm_temperature": 2.0, "llm_temperature": 2.0}
    assert decide("paper", case, **hot) == decide("paper", case)
    assert decide("scaled", case, **hot).slm_score < decide("scaled", case).slm_score
    assert decide("scaled", case, **hot).llm_score < decide("scaled", case).llm_score


def test_the_learned_rule_gives_the_probability_of_either_side():
    found = decide("learned", chancellor(), learned=LEARNED)
    assert found.slm_score + found.llm_score == pytest.approx(1)
    assert 0 < found.slm_score < 1


@pytest.mark.parametrize("unknown", ["slm:NR", "llm:NG", "llm:NR"])
def test_the_learned_rule_leaves_types_that_it_was_not_fitted_to_to_the_tagger(unknown):
    known = {name: weight for name, weight in LEARNED.coefficients.items() if name != unknown}
    believes_the_other = Weights(-9.0, known)
    assert decide("learned", chancellor(), learned=replace(LEARNED, intercept=-9.0)).side == "llm"
    assert decide("learned", chancellor(), learned=believes_the_other).side == "slm"


def test_the_learned_rule_without_weights_is_refused():
    with pytest.raises(ValueError, match="EL040"):
        make_rule("learned", Calibration())


def test_an_unknown_rule_is_named():
    with pytest.raises(ValueError, match=r"(?s)EL010.*majority.*paper, scaled, learned, slm, llm"):
        make_rule("majority", Calibration())


@pytest.mark.parametrize("side", ["slm", "llm"])
def test_a_rule_can_always_take_one_side(side):
    assert [decide(side, case).side for case in (chancellor(), classics())] == [side, side]


@quick
@given(any_cases())
def test_a_tiny_lambda_believes_the_tagger_below_one_nat(case):
    rule = make_rule("paper", Calibration(lam=1e-12))
    for d in disagreements(case):
        mean = case.slm.entropies()[list(d.tokens)].mean()
        assert (rule(case, d).side == "slm") == (mean < 1)


@quick
@given(any_cases())
def test_a_great_lambda_believes_the_language_model(case):
    rule = make_rule("paper", Calibration(lam=1e9))
    assert all(rule(case, d).side == "llm" for d in disagreements(case))


@quick
@given(any_cases(), st.sampled_from(sorted(RULES)), st.floats(0.01, 2))
def test_decisions_do_not_depend_on_the_gold_entities(case, name, lam):
    rule = make_rule(name, Calibration(lam=lam, scaled_lam=lam, learned=LEARNED))
    blind = replace(case, gold=())
    assert [rule(case, d) for d in disagreements(case)] == [
        rule(blind, d) for d in disagreements(blind)
    ]


def test_a_tagger_of_one_tag_does_not_divide_by_zero():
    case = make_case(WEI, [0.5] * 3, [(0, 3, "NR")], [])
    case = replace(case, slm=replace(case.slm, logprobs=np.zeros((3, 1), np.float32)))
    assert decide("scaled", case).slm_score == 1
