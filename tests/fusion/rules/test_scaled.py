import math
from dataclasses import replace

import numpy as np
import pytest

from spacy_el4ner.fusion.ledger import Ledger
from spacy_el4ner.fusion.rules.scaled import ScaledRule
from tests.fusion.cases import make_case
from tests.fusion.rules.examples import WEI, decide


def test_the_scaled_entropy_is_a_share_of_the_greatest():
    case = make_case(WEI, [1.0] * 3, [(0, 3, "NR")], [])
    assert decide(ScaledRule(), case).slm_score == pytest.approx(1 - 1 / math.log(13), abs=1e-5)


def test_a_temperature_above_1_makes_both_models_less_sure():
    case = make_case(WEI, [1.0] * 3, [(0, 3, "NR")], [])
    hot = {"slm_temperature": 2.0, "llm_temperature": 2.0}
    assert decide(ScaledRule(**hot), case).slm_score < decide(ScaledRule(), case).slm_score
    assert decide(ScaledRule(**hot), case).llm_score < decide(ScaledRule(), case).llm_score


def test_the_temperature_of_a_model_that_is_too_sure_is_above_1():
    right, wrong = [(0, 1, "NR")], [(1, 3, "NR")]
    cases = [make_case(WEI, [0.1] * 3, right, wrong, gold=right, p=0.99) for _ in range(5)]
    cases += [make_case(WEI, [0.1] * 3, wrong, right, gold=right, p=0.99) for _ in range(5)]
    rule = ScaledRule().fit(Ledger(cases, "entity_f1"))
    assert rule.slm_temperature > 1
    assert rule.llm_temperature > 1


@pytest.mark.parametrize("name", ["lam", "slm_temperature", "llm_temperature"])
def test_a_parameter_that_is_not_above_0_is_refused(name):
    with pytest.raises(ValueError, match=f"EL220.*scaled.*'{name}'"):
        ScaledRule(**{name: 0.0})


def test_a_tagger_of_one_tag_does_not_divide_by_zero():
    case = make_case(WEI, [0.5] * 3, [(0, 3, "NR")], [])
    case = replace(case, slm=replace(case.slm, logprobs=np.zeros((3, 1), np.float32)))
    assert decide(ScaledRule(), case).slm_score == 1
