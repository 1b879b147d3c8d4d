"""Stage 3: every backbone gives every span of the union a type, or says that it is no entity."""

import math
from collections.abc import Sequence

from spacy_el4ner.stages.questions import Question, ask
from spacy_el4ner.stages.reading import Reading, Setting
from spacy_el4ner.types import ScoreRequest, Vote


def classify(
    questions: Sequence[Question], readings: Sequence[Reading], setting: Setting
) -> list[Vote]:
    """questions (Sequence[Question]): The candidates.
    readings (Sequence[Reading]): What the backbone that is asked reads.
    setting (Setting): Labels and order.
    RETURNS (list[Vote]): One a question, in order. The decision is per occurrence.
    """
    backbone = readings[0].backbone
    options = backbone.wording.options(setting.labels)
    labels = [*setting.labels, ""]

    votes = []
    for scores in ask(
        questions,
        readings,
        setting,
        lambda window, shots, mention: ScoreRequest(
            backbone.wording.classification(window, shots, setting.labels, mention), options
        ),
    ):
        probabilities = {label: math.exp(score) for label, score in zip(labels, scores, strict=True)}
        unread = not any(probabilities.values())
        best = "" if unread else max(labels, key=probabilities.__getitem__)
        estimated = not backbone.backend.exact
        votes.append(Vote(backbone.name, best, probabilities[best], probabilities, estimated, unread))
    return votes
