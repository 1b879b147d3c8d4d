"""Outcomes of predicted mentions against the gold ones, and their counts by label and by model."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from spacy_el4ner.types import Mention

RIGHT, TYPE, BOUNDARY, BOTH, SPURIOUS = "right", "type", "boundary", "both", "spurious"
OUTCOMES = (RIGHT, TYPE, BOUNDARY, BOTH, SPURIOUS)
"""A mention is right, has a wrong label, a wrong boundary, both, or overlaps no gold entity."""
DENIED, REFUSED = "denied", "refused"
"""A model answers "no entity" for the exact span of an entity, or for any other span."""


def judge(mention: Mention, gold: Sequence[Mention]) -> str:
    """mention (Mention): A predicted entity.
    gold (Sequence[Mention]): The entities of its document.
    RETURNS (str): One of `OUTCOMES`.
    """
    near = overlapping(mention, gold)
    if mention in near:
        return RIGHT
    if any((g.start, g.end) == (mention.start, mention.end) for g in near):
        return TYPE
    if any(g.label == mention.label for g in near):
        return BOUNDARY
    return BOTH if near else SPURIOUS


def overlapping(mention: Mention, others: Iterable[Mention]) -> list[Mention]:
    """mention (Mention): A mention.
    others (Iterable[Mention]): Other mentions of the document.
    RETURNS (list[Mention]): The others that share a character with the mention.
    """
    return [other for other in others if other.start < mention.end and mention.start < other.end]


@dataclass
class MentionTally:
    """Counts over documents with gold entities.

    gold (Counter[str]): Label -> gold entities.
    missed (Counter[str]): Label -> gold entities that no predicted entity overlaps.
    outcomes (dict[str, Counter[str]]): Label -> outcome -> predicted entities.
    confusion (Counter[tuple[str, str]]): (gold label, predicted label) of the same span -> number; ""
        stands for no entity.
    models (dict[str, Counter[str]]): Model -> outcome, `DENIED` or `REFUSED` -> number of answers.
    pairs (list[tuple[float, bool]]): Confidence of each predicted entity that has one, and whether it
        is right.
    """

    gold: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    outcomes: dict[str, Counter[str]] = field(default_factory=dict)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    models: dict[str, Counter[str]] = field(default_factory=dict)
    pairs: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        """RETURNS (list[str]): All labels that occur, sorted."""
        return sorted(self.gold.keys() | self.outcomes.keys())

    def add(self, predicted: Sequence[Mention], gold: Sequence[Mention]) -> None:
        """Count the entities of a document.

        predicted (Sequence[Mention]): The predicted entities.
        gold (Sequence[Mention]): The gold entities.
        """
        for mention in predicted:
            self.outcomes.setdefault(mention.label, Counter())[judge(mention, gold)] += 1
        self.gold.update(mention.label for mention in gold)
        self.missed.update(g.label for g in gold if not overlapping(g, predicted))
        gold_at = {(g.start, g.end): g.label for g in gold}
        found_at = {(m.start, m.end): m.label for m in predicted}
        for span in gold_at.keys() | found_at.keys():
            self.confusion[gold_at.get(span, ""), found_at.get(span, "")] += 1

    def add_answers(self, answers: Iterable[tuple[str, Mention]], gold: Sequence[Mention]) -> None:
        """Count the answers of the models for a document.

        answers (Iterable[tuple[str, Mention]]): Model and mention of each answer, without duplicates; a
            mention without a label is the answer "no entity".
        gold (Sequence[Mention]): The gold entities of the document.
        """
        spans = {(g.start, g.end) for g in gold}
        for by, mention in answers:
            if mention.label:
                outcome = judge(mention, gold)
            else:
                outcome = DENIED if (mention.start, mention.end) in spans else REFUSED
            self.models.setdefault(by, Counter())[outcome] += 1
