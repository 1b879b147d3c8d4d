"""Which windows the language model is asked about."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from spacy_el4ner.fusion.readings import Case, SLMReading
from spacy_el4ner.fusion.rules import Rule


def uncertainty(slm: SLMReading) -> float:
    """slm (SLMReading): The tagger's reading.
    RETURNS (float): The greatest entropy of its tags at any token of the window, in nats. The language
        model is asked where it is above the threshold.
    """
    return float(slm.entropies().max(initial=0.0))


@dataclass(frozen=True)
class Routing:
    """Whom to ask.

    threshold (float): The language model is asked about windows whose uncertainty is above it.
    asked (float): Share of the windows that this is, 0 to 1.
    f1 (float): Entity F1 of the fusion then.
    f1_always (float): That of asking about every window.
    curve (tuple[tuple[float, float, float], ...]): (threshold, share asked, F1) of every threshold that
        makes a difference, from asking nobody to asking always.
    """

    threshold: float
    asked: float
    f1: float
    f1_always: float
    curve: tuple[tuple[float, float, float], ...]


def find_threshold(cases: Sequence[Case], rule: Rule, tolerance: float = 0.0) -> Routing:
    """cases (Sequence[Case]): Windows with both readings and gold entities.
    rule (Rule): Decides where the models disagree.
    tolerance (float): Loss of F1 that is accepted.
    RETURNS (Routing): The largest threshold, which asks about the fewest windows, with an F1 no lower
        than that of asking always.
    """
    raise NotImplementedError
