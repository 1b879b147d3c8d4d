"""Scores of windows by entities or by tokens: the objectives that a calibration can maximise.

Both compare sets of predicted and gold items, by class. By entities there is one class, and an item is
a mention: micro scores over exact start, end and label. By tokens the classes are the tags, an item is
a token, and scores are means over the tags, as in the tables of Xu et al. 2025 (their F1 is the mean of
the tags' F1, not the F1 of the mean precision and recall). The paper does not say whether "O" is one of
the tags; here it is not. A tag that the gold entities do not have is left out too, so that systems are
compared over the same tags.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import tokens_of
from spacy_el4ner.scores import PRF, prf_by_class
from spacy_el4ner.types import Mention, Window

Item = tuple[str, Hashable]
"""The class of an item, and what identifies it."""
Counts = NDArray[np.float64]
"""Correct and predicted items by class, (2, classes)."""


def entities(window: Window, mentions: Iterable[Mention]) -> set[Item]:
    """window (Window): The window.
    mentions (Iterable[Mention]): Mentions in it.
    RETURNS (set[Item]): The mentions, all of one class.
    """
    return {("", mention) for mention in mentions}


def tags(window: Window, mentions: Iterable[Mention]) -> set[Item]:
    """window (Window): The window.
    mentions (Iterable[Mention]): Mentions in it.
    RETURNS (set[Item]): The tokens inside mentions, by their BILUO tag (BMES: B, M, E, S).
    """
    items: set[Item] = set()
    for mention in mentions:
        tokens = tokens_of(window, mention.start, mention.end)
        last = len(tokens) - 1
        for n, token in enumerate(tokens):
            place = "U" if last == 0 else "B" if n == 0 else "L" if n == last else "I"
            items.add((f"{place}-{mention.label}", token))
    return items


OBJECTIVES: Mapping[str, Callable[[Window, Iterable[Mention]], set[Item]]] = {
    "entity_f1": entities,
    "token_macro_f1": tags,
}


class Counter:
    """Counts correct and predicted items, so that the counts of windows or of parts of windows can be
    added and scored.

    objective (str): "entity_f1" or "token_macro_f1".
    cases (Sequence[Case]): Windows with their gold entities, whose classes are counted.
    RAISES (ValueError): The objective is unknown.
    """

    def __init__(self, objective: str, cases: Sequence[Case]):
        if objective not in OBJECTIVES:
            known = ", ".join(OBJECTIVES)
            raise EL4NERValueError(
                Errors.EL010.format(value=objective, setting="objective", known=known)
            )
        self._items = OBJECTIVES[objective]
        self._gold = [self._items(case.window, case.gold) for case in cases]
        classes = sorted({name for items in self._gold for name, _ in items})
        self._classes = {name: n for n, name in enumerate(classes)}
        self.gold: NDArray[np.float64] = sum(map(self._by_class, self._gold), np.zeros(len(classes)))

    def count(self, n: int, window: Window, predicted: Iterable[Mention]) -> Counts:
        """n (int): Index of the case.
        window (Window): Its window.
        predicted (Iterable[Mention]): Predicted entities of the window, or some of them.
        RETURNS (ndarray): Their counts, (2, classes).
        """
        items = self._items(window, predicted)
        return np.stack([self._by_class(items & self._gold[n]), self._by_class(items)])

    def _by_class(self, items: Iterable[Item]) -> NDArray[np.float64]:
        counts = np.zeros(len(self._classes))
        for name, _ in items:
            if name in self._classes:
                counts[self._classes[name]] += 1
        return counts


def f1(predicted: Counts, gold: NDArray[np.float64]) -> NDArray[np.float64]:
    """predicted (ndarray): Counts, (…, 2, classes).
    gold (ndarray): Gold items of each class, (classes,), none of them 0.
    RETURNS (ndarray): Mean F1 of the classes, (…); 0 where there are no classes.
    """
    if not gold.size:
        return np.zeros(predicted.shape[:-2])
    *_, by_class = prf_by_class(predicted[..., 0, :], predicted[..., 1, :], gold)
    result: NDArray[np.float64] = by_class.mean(-1)
    return result


def score(
    cases: Sequence[Case], predicted: Sequence[Iterable[Mention]], objective: str = "entity_f1"
) -> PRF:
    """cases (Sequence[Case]): Windows with their gold entities.
    predicted (Sequence[Iterable[Mention]]): The predicted entities of each.
    objective (str): "entity_f1" or "token_macro_f1".
    RETURNS (PRF): All 0 where there are no gold entities.
    """
    counter = Counter(objective, cases)
    if not counter.gold.size:
        return PRF(0.0, 0.0, 0.0)
    total = np.zeros((2, len(counter.gold)))
    for n, (case, mentions) in enumerate(zip(cases, predicted, strict=True)):
        total += counter.count(n, case.window, mentions)
    return PRF(*(float(by_class.mean()) for by_class in prf_by_class(total[0], total[1], counter.gold)))
