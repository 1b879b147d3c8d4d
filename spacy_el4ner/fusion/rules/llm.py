"""The rule that always takes the language model's side."""

from dataclasses import dataclass
from typing import ClassVar

from spacy_el4ner.fusion.rules.base import LLM
from spacy_el4ner.fusion.rules.baseline import BaselineRule


@dataclass(frozen=True)
class LLMRule(BaselineRule):
    """The language model always wins: a baseline."""

    name: ClassVar[str] = "llm"
    title: ClassVar[str] = "always the language model"
    always: ClassVar[str | None] = LLM
