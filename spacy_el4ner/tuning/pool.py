"""Repeated extraction from the pool, after extraction without demonstrations has changed."""

from dataclasses import replace

from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.tuned import Tuning
from spacy_el4ner.tuning.steps import Step

SHARE = 0.5
"""Additional time for the pool, as a share of the budget."""


def affordable(component: LLMEnsembleNER, tuning: Tuning, seconds: float, budget: float) -> Tuning:
    """component (LLMEnsembleNER): The ensemble.
    tuning (Tuning): The choices for it.
    seconds (float): Seconds that the voters take for a sentence without demonstrations.
    budget (float): Seconds of the whole budget.
    RETURNS (Tuning): The choices; without the offsets for prompts without demonstrations, if the pool
        would have to be extracted again and that takes too long. Voters that are shown no
        demonstrations keep theirs.
    """
    needed = seconds * len(component.pool.entries)
    if not component.retriever.needs_spans or not any_zero_shot(tuning) or needed <= SHARE * budget:
        return tuning
    voters = {
        name: replace(calibration, zero_shot={}) if calibration.demonstrations else calibration
        for name, calibration in tuning.voters.items()
    }
    choice = f"no offsets without demonstrations: the pool would take {needed:.0f} s to extract again"
    steps = [*tuning.report["steps"], Step("offsets", "", "", None, None, choice).to_dict()]
    return replace(tuning, voters=voters, report={**tuning.report, "steps": steps})


def any_zero_shot(tuning: Tuning) -> bool:
    """tuning (Tuning): The choices for an ensemble.
    RETURNS (bool): Whether a voter that is shown demonstrations has offsets for prompts without any.
        Such prompts extract the spans by which demonstrations are found.
    """
    return any(c.zero_shot and c.demonstrations for c in tuning.voters.values())


def index_again(component: LLMEnsembleNER) -> None:
    """Extract spans from the pool again, if its retriever needs them.

    component (LLMEnsembleNER): The ensemble.
    """
    if component.retriever.needs_spans and component.pool.entries:
        pool = [entry.demonstration for entry in component.pool.entries]
        component.pool.entries = component.method().index(pool)
