"""One window as both models read it: the data that fusion works on."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from spacy_el4ner.fusion.disagreements import Agreement, Disagreement, compare
from spacy_el4ner.fusion.readings import LLMReading
from spacy_el4ner.retrieval.lexicon import Seen
from spacy_el4ner.slm.reading import SLMReading
from spacy_el4ner.types import Mention, Window


@dataclass(frozen=True)
class Case:
    """Both readings of a window, its history in the labelled sentences, and its gold entities.

    window (Window): The window.
    slm (SLMReading): The tagger's reading.
    llm (LLMReading | None): The language model's reading; None where it was not asked.
    gold (tuple[Mention, ...]): The gold entities; for calibration and evaluation only.
    seen (Mapping[Mention, Seen]): For each disputed mention, how often the labelled sentences have it.
    """

    window: Window
    slm: SLMReading
    llm: LLMReading | None = None
    gold: tuple[Mention, ...] = field(default=())
    seen: Mapping[Mention, Seen] = field(default_factory=dict, hash=False)

    @property
    def has_both(self) -> bool:
        """RETURNS (bool): Whether the language model was asked and gave a reading."""
        return self.llm is not None and not self.llm.error

    @cached_property
    def groups(self) -> tuple[Agreement | Disagreement, ...]:
        """RETURNS (tuple[Agreement | Disagreement, ...]): The models' agreements and disagreements, in
        the order of the text; empty unless the case has both readings. Compared once.
        """
        if self.llm is None or self.llm.error:
            return ()
        return tuple(compare(self.window, self.slm, self.llm))

    @property
    def disagreements(self) -> list[Disagreement]:
        """RETURNS (list[Disagreement]): Those of the groups that a rule has to decide."""
        return [group for group in self.groups if isinstance(group, Disagreement)]

    def with_seen(self, seen: Mapping[Mention, Seen]) -> "Case":
        """seen (Mapping[Mention, Seen]): Counts of the disputed mentions.
        RETURNS (Case): The case with these counts. They do not change how the readings compare, so
            the comparison is carried over.
        """
        case = replace(self, seen=seen)
        case.__dict__["groups"] = self.groups
        return case
