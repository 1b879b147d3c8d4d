import json
import math

import pytest

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.rules.paper import PaperRule
from spacy_el4ner.fusion.rules.scaled import ScaledRule

FITTED = Calibration({"paper": {"lam": 0.3}}, 0.7, Weights(0.0, {"raw": 1.0}))


@pytest.mark.parametrize("calibration", [Calibration(), FITTED])
def test_it_comes_back_from_json(calibration):
    assert Calibration.from_dict(json.loads(json.dumps(calibration.to_dict()))) == calibration


def test_a_setting_that_is_missing_has_its_default():
    assert Calibration.from_dict({}) == Calibration()


def test_a_rule_gets_its_own_fitted_parameters():
    assert FITTED.fitted(PaperRule()) == PaperRule(0.3)
    assert FITTED.fitted(ScaledRule()) == ScaledRule()


def test_parameters_that_do_not_fit_their_rule_are_refused():
    with pytest.raises(ValueError, match=r"EL220.*paper"):
        Calibration({"paper": {"lambda": 0.3}}).fitted(PaperRule())


def test_the_default_threshold_changes_no_decision_of_the_default_rule():
    assert Calibration().threshold <= 1 - PaperRule().lam * math.e


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"lam": 0.2},
        {"rules": []},
        {"rules": {"paper": 0.2}},
        {"threshold": "0.2"},
        {"threshold": True},
        {"threshold": math.inf},
        {"confidence": 1.0},
        {"confidence": {"intercept": 0.0, "coefficients": [1.0]}},
    ],
)
def test_data_of_another_kind_are_refused(data):
    with pytest.raises(ValueError, match="EL041"):
        Calibration.from_dict(data)
