"""What is right and what is wrong, document by document, and whose fault it is."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from spacy_el4ner.types import Mention

RIGHT, TYPE, BOUNDARY, BOTH, SPURIOUS = "right", "type", "boundary", "both", "spurious"
OUTCOMES = (RIGHT, TYPE, BOUNDARY, BOTH, SPURIOUS)
"""A mention can be right, or have the wrong type, the wrong boundary, both wrong, or nothing to it."""
DENIED, REFUSED = "denied", "refused"
"""A model says "no entity" of the very span of an entity; or of something that is none, rightly."""


def judge(mention: Mention, gold: Sequence[Mention]) -> str:
    """mention (Mention): An entity that was found.
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
    """RETURNS (list[Mention]): Those of the others that share a character with the mention."""
    return [other for other in others if other.start < mention.end and mention.start < other.end]


@dataclass
class Tally:
    """What is counted over documents with gold entities.

    gold (Counter): Label -> entities.
    missed (Counter): Label -> entities that nothing found overlaps.
    found (dict[str, Counter]): Label -> outcome -> entities found.
    confusion (Counter): (gold label or "", found label or "") -> entities; the two are of the same
        span, "" stands for none there.
    models (dict[str, Counter]): Model -> outcome, or `DENIED` or `REFUSED` -> what it said.
    pairs (list[tuple[float, bool]]): Confidence of each entity found that has one, and whether it is
        right.
    """

    gold: Counter[str] = field(default_factory=Counter)
    missed: Counter[str] = field(default_factory=Counter)
    found: dict[str, Counter[str]] = field(default_factory=dict)
    confusion: Counter[tuple[str, str]] = field(default_factory=Counter)
    models: dict[str, Counter[str]] = field(default_factory=dict)
    pairs: list[tuple[float, bool]] = field(default_factory=list)

    @property
    def labels(self) -> list[str]:
        """RETURNS (list[str]): All labels that occur, in the order of the alphabet."""
        return sorted(self.gold.keys() | self.found.keys())

    def add(self, found: Sequence[Mention], gold: Sequence[Mention]) -> None:
        """found (Sequence[Mention]), gold (Sequence[Mention]): The entities of a document."""
        for mention in found:
            self.found.setdefault(mention.label, Counter())[judge(mention, gold)] += 1
        self.gold.update(mention.label for mention in gold)
        self.missed.update(g.label for g in gold if not overlapping(g, found))
        gold_at = {(g.start, g.end): g.label for g in gold}
        found_at = {(m.start, m.end): m.label for m in found}
        for span in gold_at.keys() | found_at.keys():
            self.confusion[gold_at.get(span, ""), found_at.get(span, "")] += 1

    def hear(self, said: Iterable[tuple[str, Mention]], gold: Sequence[Mention]) -> None:
        """said (Iterable[tuple[str, Mention]]): What the models say of a document, each thing once; a
            mention without a label is a "no entity".
        gold (Sequence[Mention]): Its entities.
        """
        spans = {(g.start, g.end) for g in gold}
        for by, mention in said:
            if mention.label:
                outcome = judge(mention, gold)
            else:
                outcome = DENIED if (mention.start, mention.end) in spans else REFUSED
            self.models.setdefault(by, Counter())[outcome] += 1
