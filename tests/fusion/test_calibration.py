import json
import math

import pytest

from spacy_el4ner.fusion.calibration import Calibration
from spacy_el4ner.fusion.logistic import Weights

FITTED = Calibration(
    0.3, 0.4, 2.0, 0.5, 0.7, Weights(0.1, {"entropy": -1.0, "llm:NR": 2.0}), Weights(0.0, {"raw": 1.0})
)


@pytest.mark.parametrize("calibration", [Calibration(), FITTED])
def test_it_comes_back_from_json(calibration):
    assert Calibration.from_dict(json.loads(json.dumps(calibration.to_dict()))) == calibration


def test_what_is_missing_has_its_default():
    assert Calibration.from_dict({}) == Calibration()


def test_the_default_lambda_decides_as_the_paper_does():
    assert 0 < Calibration().lam < 0.35


def test_the_default_threshold_changes_no_decision_of_the_default_rule():
    assert Calibration().threshold <= 1 - Calibration().lam * math.e


@pytest.mark.parametrize(
    "data",
    [
        [],
        {"lambda": 0.2},
        {"lam": "0.2"},
        {"lam": True},
        {"lam": 0},
        {"lam": math.nan},
        {"slm_temperature": -1.0},
        {"threshold": math.inf},
        {"learned": {}},
        {"learned": {"intercept": 0.0, "coefficients": [1.0]}},
        {"learned": {"intercept": 0.0, "coefficients": {"entropy": None}}},
        {"confidence": 1.0},
    ],
)
def test_what_is_no_calibration_is_refused(data):
    with pytest.raises(ValueError, match="EL041"):
        Calibration.from_dict(data)
