"""Questions about single spans, put to the reading that holds the span."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spacy_el4ner import windows
from spacy_el4ner.stages.reading import Reading, Setting, fits
from spacy_el4ner.types import Demonstration, Mention, ScoreRequest, Window


@dataclass(frozen=True)
class Question:
    """A candidate as a stage asks about it.

    window (Window): The whole window that it lies in.
    start (int), end (int): Offsets in the document.
    label (str): The type asked about, "" for none.
    """

    window: Window
    start: int
    end: int
    label: str = ""


def ask(
    questions: Sequence[Question],
    readings: Sequence[Reading],
    setting: Setting,
    request: Callable[[Window, Sequence[Demonstration], Mention], ScoreRequest],
) -> list[list[float]]:
    """questions (Sequence[Question]): The candidates.
    readings (Sequence[Reading]): What the backbone reads.
    setting (Setting): Labels and order.
    request (Callable): Puts one question into words.
    RETURNS (list[list[float]]): Log-probabilities of the options of each question.
    """
    by_document: dict[int, list[Reading]] = {}
    for reading in readings:
        by_document.setdefault(reading.window.document, []).append(reading)
    requests = []
    for question in questions:
        reading = _reading(question, by_document[question.window.document], setting)
        offset = reading.window.start
        mention = Mention(question.start - offset, question.end - offset, question.label)
        requests.append(request(reading.window, reading.shots, mention))
    return readings[0].backbone.backend.score(requests) if requests else []


def _reading(question: Question, readings: Sequence[Reading], setting: Setting) -> Reading:
    """The reading that holds the span; across a cut, one made around it."""
    for reading in readings:
        if (
            not reading.unread
            and reading.window.start <= question.start
            and question.end <= reading.window.end
        ):
            return reading
    backbone = readings[0].backbone
    whole = question.window
    part = windows.part_around(
        whole,
        question.start - whole.start,
        question.end - whole.start,
        lambda window: fits(backbone, window, (), setting),
    )
    return Reading(backbone, part, cut=True)
