"""The rule that always takes the tagger's side."""

from dataclasses import dataclass
from typing import ClassVar

from spacy_el4ner.fusion.rules.base import SLM
from spacy_el4ner.fusion.rules.baseline import BaselineRule


@dataclass(frozen=True)
class SLMRule(BaselineRule):
    """The tagger always wins: a baseline, and the way to switch the language model off."""

    name: ClassVar[str] = "slm"
    title: ClassVar[str] = "always the tagger"
    always: ClassVar[str | None] = SLM
