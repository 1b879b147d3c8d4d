from dataclasses import replace

import pytest

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.rules.learned import LearnedRule
from tests.fusion.cases import WEIGHTS, make_case
from tests.fusion.rules.examples import WEI, chancellor, decide


def test_its_scores_are_the_probabilities_of_either_side():
    decision = decide(LearnedRule(WEIGHTS), chancellor())
    assert decision.slm_score + decision.llm_score == pytest.approx(1)
    assert 0 < decision.slm_score < 1


@pytest.mark.parametrize("unknown", ["slm:NR", "llm:NG", "llm:NR"])
def test_labels_that_it_was_not_fitted_to_are_the_taggers(unknown):
    known = {name: weight for name, weight in WEIGHTS.coefficients.items() if name != unknown}
    assert decide(LearnedRule(replace(WEIGHTS, intercept=-9.0)), chancellor()).side == "llm"
    rule = LearnedRule(Weights(-9.0, known))
    decision = decide(rule, chancellor())
    assert decision.side == "slm"
    case = chancellor()
    assert "not fitted to these labels" in rule.describe(case, case.disagreements[0], decision)


def test_labels_that_it_was_not_fitted_to_go_to_the_better_model():
    rule = LearnedRule(Weights(9.0, {}), better="llm")
    case = chancellor()
    decision = decide(rule, case)
    assert decision.side == "llm"
    assert "the language model wins" in rule.describe(case, case.disagreements[0], decision)


@pytest.mark.parametrize("better", ["slm", "llm"])
def test_the_better_model_is_that_of_the_held_out_data(better):
    entity = [(0, 1, "NR")]
    found, missed = [0.1] * 3, [(1, 3, "NR")]
    often = (entity, missed) if better == "slm" else (missed, entity)
    cases = [make_case(WEI, found, *often, gold=entity) for _ in range(20)]
    cases += [make_case(WEI, found, *reversed(often), gold=entity) for _ in range(10)]
    assert LearnedRule().fit(Ledger(cases, "entity_f1")).better == better


def test_a_model_that_is_neither_is_refused():
    with pytest.raises(ValueError, match=r"EL220.*learned.*'better'"):
        LearnedRule().with_parameters({"weights": None, "better": "both"})


def test_without_weights_it_decides_nothing():
    assert not LearnedRule().is_fitted
    with pytest.raises(ValueError, match=r"EL040.*learned"):
        decide(LearnedRule(), chancellor())


def test_where_one_side_is_always_right_it_cannot_be_fitted():
    right, wrong = [(0, 1, "NR")], [(1, 3, "NR")]
    cases = [make_case(WEI, [0.1] * 3, right, wrong, gold=right) for _ in range(9)]
    assert LearnedRule().fit(Ledger(cases, "entity_f1")) is None


@pytest.mark.parametrize(
    "weights",
    [
        {},
        1.0,
        {"intercept": 0.0, "coefficients": [1.0]},
        {"intercept": 0.0, "coefficients": {"entropy": None}},
    ],
)
def test_parameters_that_are_not_a_regression_are_refused(weights):
    with pytest.raises(ValueError, match=r"EL220.*learned.*'weights'"):
        LearnedRule().with_parameters({"weights": weights})
