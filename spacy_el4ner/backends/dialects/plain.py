"""The dialect of any OpenAI-compatible server: standard fields, free-text answers."""

from collections.abc import Sequence
from typing import Any

from spacy_el4ner.backends.dialects.base import Question
from spacy_el4ner.types import Grammar


class Plain:
    """Uses standard fields only. The server does not constrain answers and returns no probabilities:
    the option that the model names gets all of the probability, and votes are marked `estimated`.
    """

    identity = "plain"
    exact = False

    def fields(self, grammar: Grammar) -> dict[str, Any]:
        """grammar (Grammar): The language of the answer.
        RETURNS (dict[str, Any]): No fields.
        """
        return {}

    def questions(self, options: Sequence[str]) -> list[Question]:
        """options (Sequence[str]): The options of a prompt.
        RETURNS (list[Question]): No requests.
        """
        return []

    def scores(self, options: Sequence[str], readings: Sequence[Any]) -> list[float]:
        """options (Sequence[str]): The options of a prompt.
        readings (Sequence[Any]): No readings.
        RETURNS (list[float]): No scores.
        """
        return []
