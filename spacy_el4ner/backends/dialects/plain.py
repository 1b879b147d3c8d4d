"""The dialect of any OpenAI-compatible server: standard fields, free-text answers."""

from collections.abc import Sequence
from typing import Any

from spacy_el4ner.backends.dialects.base import Ask
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

    def score(self, options: Sequence[str], ask: Ask) -> list[float]:
        """options (Sequence[str]): The options of a prompt.
        ask (Callable[[Question], Any]): Is not called.
        RETURNS (list[float]): No scores.
        """
        return []
