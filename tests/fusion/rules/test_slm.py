from hypothesis import given

from spacy_el4ner.fusion.rules.slm import SLMRule
from tests.fusion.cases import any_cases
from tests.strategies import quick


@quick
@given(any_cases())
def test_it_always_takes_its_side(case):
    assert all(SLMRule()(case, d).side == SLMRule.always == "slm" for d in case.disagreements)
