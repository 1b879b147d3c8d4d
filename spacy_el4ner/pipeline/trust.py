"""What is known of the reliability of each voter of an ensemble, in words."""

from collections.abc import Mapping
from typing import Any

from spacy_el4ner.ensemble.vote import FittedVoteRule
from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER


def trust(component: LLMEnsembleNER) -> dict[str, str]:
    """component (LLMEnsembleNER): An ensemble.
    RETURNS (dict[str, str]): Voter -> what its vote rule learnt about it, and what the vote would lose
        without it where tuning measured that; empty for a rule that learns nothing, and before a fit.
    """
    rule = component.fitted_vote
    if not isinstance(rule, FittedVoteRule):
        return {}
    measured = {
        step["voter"]: step
        for step in component.tuning.report.get("steps", ())
        if step["name"] == "votes" and step["with"] is not None and step["without"] is not None
    }
    return {
        name: f"{remark}; {_cost(measured[name])}" if name in measured else remark
        for name, remark in rule.remarks().items()
    }


def _cost(step: Mapping[str, Any]) -> str:
    points = 100 * (step["with"] - step["without"])
    if step["choice"] != "votes":
        return f"does not vote: it cost {-points:.1f} points of F1"
    return f"dropping it would {'cost' if points >= 0 else 'bring'} {abs(points):.1f} points of F1"
