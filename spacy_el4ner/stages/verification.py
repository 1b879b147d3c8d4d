"""Stage 4: one designated backbone says true or false to each typed candidate (self-validation)."""

import math
from collections.abc import Sequence

from spacy_el4ner.stages.questions import Question, ask
from spacy_el4ner.stages.reading import Reading, Setting
from spacy_el4ner.types import ScoreRequest, Verdict

OPTIONS = ("true", "false")


def verify(
    questions: Sequence[Question], readings: Sequence[Reading], setting: Setting
) -> list[Verdict]:
    """questions (Sequence[Question]): The typed candidates.
    readings (Sequence[Reading]): What the verifier reads.
    setting (Setting): Labels and order.
    RETURNS (list[Verdict]): One a question, in order.
    """
    backbone = readings[0].backbone
    verdicts = []
    for true, false in ask(
        questions,
        readings,
        setting,
        lambda window, shots, mention: ScoreRequest(
            backbone.wording.verification(window, shots, setting.labels, mention), OPTIONS
        ),
    ):
        estimated = not backbone.backend.exact
        unread = true == false == -math.inf
        verdicts.append(Verdict(backbone.name, true > false, math.exp(true), estimated, unread))
    return verdicts
