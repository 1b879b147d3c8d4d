"""What a prompted voter keeps about the windows of a batch."""

from dataclasses import dataclass, field

from spacy_el4ner.prompts.fitting import PromptPlan
from spacy_el4ner.types import Demonstration, Window
from spacy_el4ner.voters.base import Proposals

PromptKey = tuple[Window, tuple[Demonstration, ...]]
"""A window, or a part of one, with the demonstrations shown."""


@dataclass
class Memory:
    """A voter's memory of the windows of a batch.

    labels (dict[str, str]): Label -> description; what follows holds for these.
    plans (dict[PromptKey, list[PromptPlan]]): The plans for a window with its demonstrations.
    extracted (dict[PromptKey, Proposals]): The proposals that a prompt led to.
    proposed (dict[Window, Proposals]): The latest proposals in a window.
    demonstrated (bool): Whether prompts have come to begin with demonstrations.
    """

    labels: dict[str, str] = field(default_factory=dict)
    plans: dict[PromptKey, list[PromptPlan]] = field(default_factory=dict)
    extracted: dict[PromptKey, Proposals] = field(default_factory=dict)
    proposed: dict[Window, Proposals] = field(default_factory=dict)
    demonstrated: bool = False
