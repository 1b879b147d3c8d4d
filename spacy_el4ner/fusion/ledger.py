"""What each side of each disagreement is worth, so that a rule is scored without fusing again.

Disagreements are independent of each other: the counts of a fused reading are those of the agreements,
and of the chosen side of each disagreement, added up.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.fusion.disagreements import Agreement, Disagreement, compare
from spacy_el4ner.fusion.readings import Case
from spacy_el4ner.fusion.rules import SLM, Decision, Rule
from spacy_el4ner.fusion.scores import Counter, Counts, f1

Choices = NDArray[np.bool_]
"""Whether the tagger is believed, for each disagreement: (disagreements,), or several rows of these."""


class Ledger:
    """The books of some cases.

    cases (Sequence[Case]): Windows with their gold entities; both readings, or the tagger's alone.
    objective (str): "entity_f1" or "token_macro_f1".
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
            both = case.llm is not None and not case.llm.error
            groups = compare(case) if both else []
            same = [g.slm for g in groups if isinstance(g, Agreement)]
            agreed.append(counter.count(n, case.window, same if both else case.slm.mentions))
            for group in groups:
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

    def choices(self, rule: Rule, where: Choices | None = None) -> Choices:
        """rule (Rule): A rule.
        where (ndarray | None): Which disagreements it is asked about; None for all.
        RETURNS (ndarray): What it decides about each of these.
        """
        return np.array([d.side == SLM for d in self.decisions(rule, where)], dtype=np.bool_)

    def decisions(self, rule: Rule, where: Choices | None = None) -> list[Decision]:
        """RETURNS (list[Decision]): The same with what the rule compared."""
        asked = range(len(self.disagreements)) if where is None else np.flatnonzero(where)
        return [rule(self.cases[self.case_of[n]], self.disagreements[n]) for n in asked]

    def f1(self, choices: Choices) -> NDArray[np.float64]:
        """choices (ndarray): One set of choices, or several.
        RETURNS (ndarray): F1 of the fused readings, 0 to 1, one a set.
        """
        gained = np.tensordot(choices.astype(np.float64), self.slm - self.llm, axes=1)
        return f1(self.agreed.sum(0) + self.llm.sum(0) + gained, self.gold)

    def moves(self) -> NDArray[np.float64]:
        """RETURNS (ndarray): By how much the F1 of the tagger alone would fall, to first order, if its
        side of a disagreement was left for the language model's, (disagreements,).
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
        RETURNS (ndarray): What each case adds to the F1 of the tagger alone, to first order,
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
