"""The counts of each document: `doc._.el4ner["counts"]` of the ensemble."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spacy_el4ner.ensemble.tasks import Task
from spacy_el4ner.types import Candidate
from spacy_el4ner.voters.base import Coverage, Proposals


class Counts:
    """Counts what the stages do with each document of a batch.

    documents (int): Documents in the batch.
    voters (Iterable[str]): Names of the voters.
    """

    def __init__(self, documents: int, voters: Iterable[str]):
        names = list(voters)
        self.of: list[dict[str, Any]] = [_new(names) for _ in range(documents)]

    def windows(self, tasks: Sequence[Task]) -> None:
        """tasks (Sequence[Task]): The windows of all documents."""
        for task in tasks:
            self.of[task.window.document]["windows"] += 1

    def asked(self, tasks: Sequence[Task], windows: Mapping[str, Sequence[int]]) -> None:
        """tasks (Sequence[Task]): The windows.
        windows (Mapping[str, Sequence[int]]): Voter -> indices of those that it was asked about.
        """
        for name, indices in windows.items():
            for index in indices:
                self.of[tasks[index].window.document]["asked"][name] += 1

    def coverage(self, tasks: Sequence[Task], name: str, coverage: Sequence[Coverage]) -> None:
        """tasks (Sequence[Task]): The windows.
        name (str): A voter.
        coverage (Sequence[Coverage]): How much it takes in of each.
        """
        for task, cover in zip(tasks, coverage, strict=True):
            count = self.of[task.window.document]
            count["demonstrations"] += len(cover.shown)
            count["demonstrations_dropped"] += cover.dropped
            count["windows_split"] += cover.parts - 1
            count["tokens_unread"] += len(cover.unread)
            if cover.parts > 1:
                count["split_by"][name] = count["split_by"].get(name, 0) + 1

    def proposals(self, tasks: Sequence[Task], proposed: Mapping[str, Sequence[Proposals]]) -> None:
        """tasks (Sequence[Task]): The windows.
        proposed (Mapping[str, Sequence[Proposals]]): Voter -> its proposals in each.
        """
        for name, found in proposed.items():
            for task, proposals in zip(tasks, found, strict=True):
                count = self.of[task.window.document]
                count["proposed"][name] += len(proposals.spans)
                count["unaligned"] += proposals.unaligned
                count["unparsed"] += proposals.unparsed

    def unread(self, classified: Iterable[Candidate], verified: Iterable[Candidate]) -> None:
        """classified (Iterable[Candidate]): Candidates with votes.
        verified (Iterable[Candidate]): Candidates with verdicts.
        """
        for candidate in classified:
            self.of[candidate.document]["unparsed"] += sum(vote.unread for vote in candidate.votes)
        for candidate in verified:
            if candidate.verdict is not None:
                self.of[candidate.document]["unparsed"] += candidate.verdict.unread

    def left(self, stage: str, candidates: list[Candidate]) -> list[Candidate]:
        """stage (str): "union", "typed" or "verified".
        candidates (list[Candidate]): The candidates that are left after it.
        RETURNS (list[Candidate]): The same, counted.
        """
        for candidate in candidates:
            self.of[candidate.document][stage] += 1
        return candidates


def _new(voters: Iterable[str]) -> dict[str, Any]:
    return {
        "windows": 0,
        "windows_split": 0,
        "tokens_unread": 0,
        "split_by": {},
        "demonstrations": 0,
        "demonstrations_dropped": 0,
        "asked": dict.fromkeys(voters, 0),
        "proposed": dict.fromkeys(voters, 0),
        "union": 0,
        "typed": 0,
        "verified": 0,
        "unaligned": 0,
        "unparsed": 0,
    }
