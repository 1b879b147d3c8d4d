"""A cascade: voters are asked only about the windows where those asked before leave the vote open.

(Ours. The paper asks every voter about everything.)
"""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from spacy_el4ner.calibration.logistic import Weights, log_odds
from spacy_el4ner.ensemble.panel import Panel
from spacy_el4ner.ensemble.proposing import propose, readable, union
from spacy_el4ner.ensemble.tasks import Places, Task
from spacy_el4ner.ensemble.vote import VoteRule
from spacy_el4ner.ensemble.voting import collect_votes, decide
from spacy_el4ner.types import Candidate, Window
from spacy_el4ner.voters.base import Coverage, Labels, Proposals


@dataclass(frozen=True)
class Cascade:
    """Who is asked first, and when the others are asked too.

    order (tuple[str, ...]): Voters, the cheapest first. They are asked one after another, and the
        voters that are not named come last, together.
    doubts (tuple[Weights, ...]): For each voter of the order, a regression on the features of a window
        once it has been asked: the probability that the voters after it would change its entities.
    threshold (float): Further voters are asked about a window from this probability on.
    """

    order: tuple[str, ...]
    doubts: tuple[Weights, ...] = field(hash=False)
    threshold: float

    def turns(self, voters: Iterable[str]) -> list[list[str]]:
        """voters (Iterable[str]): The voters of the ensemble.
        RETURNS (list[list[str]]): Those that are asked together, in order.
        """
        names = list(voters)
        rest = [name for name in names if name not in self.order]
        first = [[name] for name in self.order if name in names]
        return [*first, rest] if rest else first

    def leaves_open(self, turn: Sequence[str], window: Window, candidates: Sequence[Candidate]) -> bool:
        """turn (Sequence[str]): The voters that were asked last.
        window (Window): A window.
        candidates (Sequence[Candidate]): Its candidates, after the vote of all voters asked so far.
        RETURNS (bool): Whether further voters should be asked about it.
        """
        weights = self.doubts[self.order.index(turn[0])]
        return weights.probability(features(window, candidates)) >= self.threshold

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data."""
        doubts = [asdict(weights) for weights in self.doubts]
        return {"order": list(self.order), "doubts": doubts, "threshold": self.threshold}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Cascade":
        """data (Mapping[str, Any]): What `to_dict` returned.
        RETURNS (Cascade): The same.
        RAISES (KeyError | TypeError | ValueError): The data are something else.
        """
        order = tuple(map(str, data["order"]))
        doubts = tuple(Weights.from_dict(weights) for weights in data["doubts"])
        if len(order) != len(doubts):
            raise ValueError(f"{len(order)} voters, but {len(doubts)} regressions")
        return cls(order, doubts, float(data["threshold"]))


def features(window: Window, candidates: Sequence[Candidate]) -> dict[str, float]:
    """window (Window): A window.
    candidates (Sequence[Candidate]): Its candidates after a vote, those voted down among them.
    RETURNS (dict[str, float]): The features by which further votes are judged to be needed: the lowest
        confidence in a decision, as log-odds; the errors to expect by all of them; how many candidates
        and how many entities there are; the candidates on which votes differ; words with a capital
        letter or a digit outside of all candidates; the logarithm of the number of words.
    """
    sure = [c.confidence for c in candidates]
    covered = [(c.start - window.start, c.end - window.start) for c in candidates]
    outside = [
        window.text[start:end]
        for start, end in window.tokens[1:]
        if not any(start < e and s < end for s, e in covered)
    ]
    return {
        "lowest": log_odds(min(sure)) if sure else 0.0,
        "errors": math.fsum(1 - p for p in sure),
        "candidates": float(len(candidates)),
        "entities": float(sum(bool(c.label) for c in candidates)),
        "disputed": float(sum(len({v.label for v in c.votes}) > 1 for c in candidates)),
        "names": float(sum(any(ch.isupper() or ch.isdigit() for ch in word) for word in outside)),
        "words": math.log1p(len(window.tokens)),
    }


@dataclass(frozen=True)
class Asked:
    """The answers of all turns.

    proposed (dict[str, list[Proposals]]): Voter -> its proposals in each window; none in those that it
        was not asked about. Voters that were not asked at all are missing.
    classified (list[Candidate]): The union after the vote; those voted down have no label.
    windows (dict[str, list[int]]): Voter -> indices of the windows that it was asked about.
    open (list[int]): Indices of the windows that went through all turns.
    """

    proposed: dict[str, list[Proposals]]
    classified: list[Candidate]
    windows: dict[str, list[int]]
    open: list[int]


def ask_in_turn(
    panel: Panel,
    tasks: Sequence[Task],
    labels: Labels,
    rule: VoteRule,
    coverage: Mapping[str, Sequence[Coverage]],
    cascade: Cascade,
) -> Asked:
    """panel (Panel): The voters.
    tasks (Sequence[Task]): The windows with their demonstrations.
    labels (Mapping[str, str]): Label -> description.
    rule (VoteRule): Makes one label of the votes cast so far.
    coverage (Mapping[str, Sequence[Coverage]]): Voter -> how much it takes in of each window.
    cascade (Cascade): The order of the voters, and when to stop.
    RETURNS (Asked): Spans and votes of each turn: a voter proposes spans in the windows that are still
        open, and votes on all candidates there. Earlier voters vote on the spans that later ones
        proposed.
    """
    left = list(range(len(tasks)))
    proposed: dict[str, list[Proposals]] = {}
    windows: dict[str, list[int]] = {}
    decided: dict[int, list[Candidate]] = {}
    at = Places([task.window for task in tasks])
    turns = cascade.turns(panel.voters)
    for n, turn in enumerate(turns):
        if not left:
            break
        given = propose(panel, [tasks[index] for index in left], labels, turn)
        for name, found in given.items():
            proposed[name] = [Proposals({}) for _ in tasks]
            windows[name] = left
            for index, proposals in zip(left, found, strict=True):
                proposed[name][index] = proposals
        wanted = set(left)
        candidates = [
            c
            for c in readable(union(proposed, tasks), tasks, coverage)
            if at.window(c.document, c.start) in wanted
        ]
        votes = _votes(panel, candidates, tasks, labels, decided, turn, windows)
        by_window: dict[int, list[Candidate]] = {index: [] for index in left}
        for c in votes:
            by_window[at.window(c.document, c.start)].append(decide(c, labels, rule))
        decided.update(by_window)
        if n < len(turns) - 1 and given:
            left = [i for i in left if cascade.leaves_open(turn, tasks[i].window, by_window[i])]
    classified = [c for index in sorted(decided) for c in decided[index]]
    return Asked(proposed, classified, windows, left)


def _votes(
    panel: Panel,
    candidates: Sequence[Candidate],
    tasks: Sequence[Task],
    labels: Labels,
    decided: Mapping[int, Sequence[Candidate]],
    turn: Collection[str],
    asked: Collection[str],
) -> list[Candidate]:
    """The candidates with the votes of all voters asked so far, none of which is asked twice."""
    before = {_key(c): c.votes for found in decided.values() for c in found}
    fresh = [c for c in candidates if _key(c) not in before]
    earlier = [name for name in asked if name not in turn]
    votes = {_key(c): list(before.get(_key(c), ())) for c in candidates}
    for some, names in ((fresh, earlier), (candidates, turn)):
        for c in collect_votes(panel, some, tasks, labels, names) if names else ():
            votes[_key(c)] += c.votes
    order = list(panel.voters)
    return [
        replace(c, votes=tuple(sorted(votes[_key(c)], key=lambda vote: order.index(vote.voter))))
        for c in candidates
    ]


def _key(candidate: Candidate) -> tuple[int, int, int]:
    return candidate.document, candidate.start, candidate.end
