"""The pool after tuning: extracted again, if that is needed and affordable."""

from types import SimpleNamespace

import pytest

from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.tuning.pool import affordable, any_zero_shot
from spacy_el4ner.voters.prompted.calibration import VoterCalibration

WITH = VoterCalibration(zero_shot={"open": 1.0})
ALONE = VoterCalibration(zero_shot={"open": 1.0}, demonstrations=False)
TUNING = Tuning({"with": WITH, "alone": ALONE}, report={"steps": []})


def component(needs_spans=True):
    return SimpleNamespace(
        pool=SimpleNamespace(entries=[None] * 100), retriever=SimpleNamespace(needs_spans=needs_spans)
    )


def test_offsets_that_the_pool_has_no_time_for_are_given_up():
    tuning = affordable(component(), TUNING, 1.0, 150.0)
    assert tuning.voters == {"with": VoterCalibration(), "alone": ALONE}
    assert "100 s" in tuning.report["steps"][0]["choice"]
    assert not any_zero_shot(tuning)


@pytest.mark.parametrize(("needs_spans", "budget"), [(True, 200.0), (False, 0.0)])
def test_offsets_that_cost_no_time_or_little_stay(needs_spans, budget):
    assert affordable(component(needs_spans), TUNING, 1.0, budget) is TUNING
