from hypothesis import given

from spacy_el4ner.fusion.rules.llm import LLMRule
from tests.fusion.cases import any_cases
from tests.strategies import quick


@quick
@given(any_cases())
def test_it_always_takes_its_side(case):
    assert all(LLMRule()(case, d).side == LLMRule.always == "llm" for d in case.disagreements)
