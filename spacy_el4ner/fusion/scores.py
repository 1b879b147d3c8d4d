"""Precision, recall and F1 of readings of windows, by entities or by tokens.

Both compare sets of items, what was found in a window and what is there, by class. By entities there is
one class, and an item is a mention: micro scores over exact start, end and label. By tokens the classes
are the tags, an item is a token, and scores are means over the tags, as in Xu et al.'s tables
(their F1 is the mean of the tags' F1, not that of the mean precision and recall). The paper does not
say whether "O" is one of the tags; here it is not. Nor is a tag that the gold entities do not have, so
that systems are compared over the same tags.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.errors import Errors
from spacy_el4ner.fusion.disagreements import tokens_of
from spacy_el4ner.fusion.readings import Case
from spacy_el4ner.types import Mention, Window

Item = tuple[str, Hashable]
"""Its class, and what it is."""
Counts = NDArray[np.float64]
"""How many of the items found are right, and how many were found, by class: (2, classes)."""


@dataclass(frozen=True)
class Score:
    """p (float), r (float), f (float): Precision, recall and F1, 0 to 1."""

    p: float
    r: float
    f: float


def entities(window: Window, mentions: Iterable[Mention]) -> set[Item]:
    """RETURNS (set[Item]): The mentions, all of one class."""
    return {("", mention) for mention in mentions}


def tags(window: Window, mentions: Iterable[Mention]) -> set[Item]:
    """RETURNS (set[Item]): The tokens inside of mentions, by their BILUO tag (BMES: B, M, E, S)."""
    found: set[Item] = set()
    for mention in mentions:
        tokens = tokens_of(window, mention.start, mention.end)
        last = len(tokens) - 1
        for n, token in enumerate(tokens):
            place = "U" if last == 0 else "B" if n == 0 else "L" if n == last else "I"
            found.add((f"{place}-{mention.label}", token))
    return found


OBJECTIVES: Mapping[str, Callable[[Window, Iterable[Mention]], set[Item]]] = {
    "entity_f1": entities,
    "token_macro_f1": tags,
}


class Counter:
    """Counts items, so that the counts of windows, or of parts of them, can be added and scored.

    objective (str): "entity_f1" or "token_macro_f1".
    cases (Sequence[Case]): Windows with their gold entities, which say what the classes are.
    """

    def __init__(self, objective: str, cases: Sequence[Case]):
        if objective not in OBJECTIVES:
            known = ", ".join(OBJECTIVES)
            raise ValueError(Errors.EL010.format(value=objective, setting="objective", known=known))
        self._items = OBJECTIVES[objective]
        self._gold = [self._items(case.window, case.gold) for case in cases]
        classes = sorted({name for items in self._gold for name, _ in items})
        self._classes = {name: n for n, name in enumerate(classes)}
        self.gold: NDArray[np.float64] = sum(map(self._by_class, self._gold), np.zeros(len(classes)))

    def count(self, n: int, window: Window, found: Iterable[Mention]) -> Counts:
        """n (int): Number of the case.
        window (Window): Its window.
        found (Iterable[Mention]): Entities that were found in it, or some of them.
        RETURNS (ndarray): Their counts.
        """
        items = self._items(window, found)
        return np.stack([self._by_class(items & self._gold[n]), self._by_class(items)])

    def _by_class(self, items: Iterable[Item]) -> NDArray[np.float64]:
        counts = np.zeros(len(self._classes))
        for name, _ in items:
            if name in self._classes:
                counts[self._classes[name]] += 1
        return counts


def f1(found: Counts, gold: NDArray[np.float64]) -> NDArray[np.float64]:
    """found (ndarray): Counts, (…, 2, classes).
    gold (ndarray): Items of each class that there are, (classes,), none of them 0.
    RETURNS (ndarray): Mean F1 of the classes, (…); 0 where there are none.
    """
    if not gold.size:
        return np.zeros(found.shape[:-2])
    by_class = 2 * found[..., 0, :] / (found[..., 1, :] + gold)
    result: NDArray[np.float64] = by_class.mean(-1)
    return result


def score(
    cases: Sequence[Case], found: Sequence[Iterable[Mention]], objective: str = "entity_f1"
) -> Score:
    """cases (Sequence[Case]): Windows with their gold entities.
    found (Sequence[Iterable[Mention]]): What was found in each.
    objective (str): "entity_f1" or "token_macro_f1".
    RETURNS (Score): All 0 where there are no gold entities.
    """
    counter = Counter(objective, cases)
    if not counter.gold.size:
        return Score(0.0, 0.0, 0.0)
    total = np.zeros((2, len(counter.gold)))
    for n, (case, mentions) in enumerate(zip(cases, found, strict=True)):
        total += counter.count(n, case.window, mentions)
    right, everything = total
    precision = np.divide(right, everything, out=np.zeros_like(right), where=everything > 0)
    recall = right / counter.gold
    return Score(float(precision.mean()), float(recall.mean()), float(f1(total, counter.gold)))
