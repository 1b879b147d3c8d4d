"""Counts of both sides of every disagreement, so that a rule is scored without fusing again.

Disagreements are independent of each other: the counts of a fused reading are the sum of those of the
agreements and of the chosen side of each disagreement.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import Agreement, Disagreement
from spacy_el4ner.fusion.scores import Counter, Counts, f1

Choices = NDArray[np.bool_]
"""Whether the tagger wins each disagreement, (disagreements,), or several rows of such choices."""


class Ledger:
    """Held-out cases, and what each side of each of their disagreements is worth.

    cases (Sequence[Case]): Windows with their gold entities; with both readings, or the tagger's alone.
    objective (str): The F1 to compute, "entity_f1" or "token_macro_f1".

    Attributes of use to a rule's `fit`: `cases`, `disagreements` (of all cases), `case_of` (index of
    the case of each disagreement).
    """

    def __init__(self, cases: Sequence[Case], objective: str):
        counter = Counter(objective, cases)
        self.cases = list(cases)
        self.disagreements: list[Disagreement] = []
        case_of: list[int] = []
        slm: list[Counts] = []
        llm: list[Counts] = []
        agreed: list[Counts] = []
        for n, case in enumerate(cases):
            same = [g.slm for g in case.groups if isinstance(g, Agreement)]
            agreed.append(counter.count(n, case.window, same if case.has_both else case.slm.mentions))
            for group in case.groups:
                if isinstance(group, Disagreement):
                    self.disagreements.append(group)
                    case_of.append(n)
                    slm.append(counter.count(n, case.window, group.slm))
                    llm.append(counter.count(n, case.window, [m.mention for m in group.llm]))
        self.gold = counter.gold
        shape = (2, len(self.gold))
        self.case_of = np.array(case_of, dtype=np.int64)
        self.slm = np.array(slm).reshape(len(slm), *shape)
        self.llm = np.array(llm).reshape(len(llm), *shape)
        self.agreed = np.array(agreed).reshape(len(agreed), *shape)

    def f1(self, choices: Choices) -> NDArray[np.float64]:
        """choices (ndarray): One set of choices, or several.
        RETURNS (ndarray): F1 of the fused readings with each set, 0 to 1.
        """
        gained = np.tensordot(choices.astype(np.float64), self.slm - self.llm, axes=1)
        return f1(self.agreed.sum(0) + self.llm.sum(0) + gained, self.gold)

    def moves(self) -> NDArray[np.float64]:
        """RETURNS (ndarray): How much the F1 of the tagger alone would fall, to first order, if the
        language model's side replaced the tagger's in each disagreement, (disagreements,).
        """
        alone = self.by_case(np.ones(len(self.disagreements), dtype=np.bool_)).sum(0)
        items = alone[1] + self.gold
        # F1 = 2 right / (found + gold), so dF1 = (2 d right - F1 d found) / (found + gold).
        difference = self.slm - self.llm
        by_class = (2 * difference[:, 0] - 2 * alone[0] / items * difference[:, 1]) / items
        moves: NDArray[np.float64] = by_class.mean(-1)
        return moves

    def gains(self, choices: Choices) -> NDArray[np.float64]:
        """choices (ndarray): Several sets of choices, (sets, disagreements).
        RETURNS (ndarray): How much each case adds to the F1 of the tagger alone, to first order,
            (sets, cases).
        """
        moves = np.where(choices, 0.0, -self.moves())
        return np.stack([np.bincount(self.case_of, row, len(self.cases)) for row in moves])

    def by_case(self, choices: Choices) -> Counts:
        """choices (ndarray): One set of choices.
        RETURNS (ndarray): Counts of the fused reading of each case, (cases, 2, classes).
        """
        counts = self.agreed.copy()
        np.add.at(counts, self.case_of, np.where(choices[:, None, None], self.slm, self.llm))
        return counts
