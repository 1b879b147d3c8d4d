import json
from dataclasses import dataclass, replace
from typing import ClassVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacy_el4ner.fusion.rules.base import FusionRule, RuleDecision
from tests.fusion.cases import RULES, any_cases, make_rule
from tests.fusion.rules.examples import chancellor, decide
from tests.strategies import quick

NAMES = sorted(RULES)


@dataclass(frozen=True)
class Coin(FusionRule):
    """A rule as short as one can be."""

    name: ClassVar[str] = "coin"
    title: ClassVar[str] = "a coin"
    bias: float = 0.5

    def __call__(self, case, disagreement):
        return RuleDecision(self.bias, 0.5)


@quick
@given(any_cases(), st.sampled_from(NAMES), st.floats(0.01, 2))
def test_decisions_do_not_depend_on_the_gold_entities(case, name, lam):
    rule = make_rule(name, lam)
    blind = replace(case, gold=())
    assert [rule(case, d) for d in case.disagreements] == [rule(blind, d) for d in blind.disagreements]


@pytest.mark.parametrize("name", NAMES)
def test_parameters_come_back_from_json(name):
    rule = make_rule(name, 0.3)
    data = json.loads(json.dumps(rule.parameters, allow_nan=False))
    assert RULES[name]().with_parameters(data) == rule


@pytest.mark.parametrize("name", NAMES)
def test_a_parameter_that_is_missing_keeps_its_value(name):
    rule = make_rule(name, 0.3)
    assert rule.with_parameters({}) == rule


@pytest.mark.parametrize("name", NAMES)
def test_an_unknown_parameter_is_named(name):
    with pytest.raises(ValueError, match=f"EL220.*'{name}'.*'lambda'"):
        make_rule(name).with_parameters({"lambda": 1.0})


@pytest.mark.parametrize("name", NAMES)
def test_a_decision_is_described_in_one_line(name):
    case, rule = chancellor(), make_rule(name)
    said = rule.describe(case, case.disagreements[0], decide(rule, case))
    assert said
    assert "\n" not in said + rule.description


def test_a_rule_needs_no_more_than_a_decision():
    rule = Coin()
    assert rule.fit(None) is rule
    assert rule.is_fitted
    assert rule.parameters == {"bias": 0.5}
    assert rule.with_parameters({"bias": 0.1}) == Coin(0.1)
    case = chancellor()
    said = rule.describe(case, case.disagreements[0], decide(rule, case))
    assert said == "the tagger's score 0.50 ≥ 0.50"
