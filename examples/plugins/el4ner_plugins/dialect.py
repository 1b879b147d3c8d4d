"""The server dialect of SGLang: answers constrained by a regular expression or by rules."""

import re
from collections.abc import Callable, Sequence
from typing import Any

from spacy_el4ner.api import Grammar, Question, gbnf


class SGLang:
    """Constrains answers by the request fields `regex` and `ebnf`, of which a request may have one.

    thinking_switch (str): Variable of the model's chat template that turns thinking off:
        "enable_thinking" for Qwen3, "thinking" for DeepSeek-V3.1.
    """

    exact = False  # the server does not report how probable the other options were

    def __init__(self, thinking_switch: str = "enable_thinking"):
        self.thinking_switch = thinking_switch

    @property
    def identity(self) -> str:
        """RETURNS (str): Name and settings; stored answers are reused only under the same identity."""
        return f"sglang {self.thinking_switch}"

    def fields(self, grammar: Grammar) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The fields that constrain an answer to the grammar."""
        template = {"chat_template_kwargs": {self.thinking_switch: False}}
        if grammar.choices:
            return {**template, "regex": "|".join(map(re.escape, grammar.choices))}
        rules = gbnf(grammar)  # None if the grammar is too large to send
        return {**template, "ebnf": rules} if rules else template

    def score(self, options: Sequence[str], ask: Callable[[Question], Any]) -> list[float]:
        """RETURNS (list[float]): Nothing, because the dialect is not exact."""
        return []
