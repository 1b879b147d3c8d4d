"""Replay of recorded answers through the stages, so that comparing choices takes no model call."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from spacy_el4ner.ensemble.panel import Panel
from spacy_el4ner.ensemble.proposing import union
from spacy_el4ner.ensemble.resolve import resolve
from spacy_el4ner.ensemble.tasks import Task
from spacy_el4ner.ensemble.vote import VoteRule
from spacy_el4ner.ensemble.voting import collect_votes, decide
from spacy_el4ner.tuning.sample import LabelledWindow
from spacy_el4ner.tuning.thresholds import FOLDS
from spacy_el4ner.types import Candidate, Window
from spacy_el4ner.voters.base import Ballot, Demonstrations, Labels, Proposals, Span, Spans, Voter


class ReplayedVoter(Voter):
    """Gives recorded answers.

    proposals (Mapping[int, Proposals]): Sentence -> the spans that the voter proposed in it.
    ballots (Mapping[tuple[int, Span], Ballot]): Sentence and span -> the voter's opinion.
    """

    def __init__(self, proposals: Mapping[int, Proposals], ballots: Mapping[tuple[int, Span], Ballot]):
        self.proposals = proposals
        self.ballots = ballots

    @property
    def identity(self) -> str:
        """RETURNS (str): The same for all such voters, whose answers are not cached."""
        return "replayed"

    def propose(
        self,
        windows: Sequence[Window],
        demonstrations: Demonstrations,
        labels: Labels,
        hints: Spans = (),
    ) -> list[Proposals]:
        """Give the recorded spans.

        windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Ignored.
        labels (Mapping[str, str]): Ignored.
        hints (Sequence[Sequence[Span]]): Ignored.
        RETURNS (list[Proposals]): One per window, in order.
        """
        return [self.proposals[window.document] for window in windows]

    def classify(
        self, windows: Sequence[Window], spans: Spans, demonstrations: Demonstrations, labels: Labels
    ) -> list[list[Ballot]]:
        """Give the recorded ballots.

        windows (Sequence[Window]): The windows.
        spans (Sequence[Sequence[Span]]): The spans of each window.
        demonstrations (Sequence[Sequence[Demonstration]]): Ignored.
        labels (Mapping[str, str]): Ignored.
        RETURNS (list[list[Ballot]]): One per span of each window, in order.
        """
        return [
            [self.ballots[window.document, span] for span in found]
            for window, found in zip(windows, spans, strict=True)
        ]


@dataclass(frozen=True)
class Sentences:
    """The sentences that all voters were measured on.

    sample (Sequence[LabelledWindow]): The sentences.
    tasks (Sequence[Task]): The same sentences with their demonstrations.
    labels (Labels): Label -> description.
    vote (VoteRule): Combines the votes on a span into one label.
    folds (Sequence[VoteRule]): The rule for the sentences of each fold, as fitted to the other folds;
        empty where the rule is the same for all.
    """

    sample: Sequence[LabelledWindow]
    tasks: Sequence[Task]
    labels: Labels
    vote: VoteRule
    folds: Sequence[VoteRule] = ()
    gold: list[int] = field(init=False, default_factory=list)

    def __post_init__(self) -> None:
        """Count the gold entities of each sentence."""
        self.gold.extend(len(one.gold) for one in self.sample)

    def candidates(self, voters: Mapping[str, Voter]) -> list[Candidate]:
        """voters (Mapping[str, Voter]): Voters with recorded answers.
        RETURNS (list[Candidate]): The candidates that they propose together and give a label; offsets
            are those in the documents.
        """
        rules = self.folds or [self.vote] * FOLDS
        decided = [decide(c, self.labels, rules[c.document % FOLDS]) for c in self.voted(voters)]
        return [candidate for candidate in decided if candidate.label]

    def voted(self, voters: Mapping[str, Voter]) -> list[Candidate]:
        """voters (Mapping[str, Voter]): Voters with recorded answers.
        RETURNS (list[Candidate]): What they propose together, with their votes and no label yet.
        """
        panel = Panel(voters)
        windows = [task.window for task in self.tasks]
        none: list[tuple[()]] = [()] * len(windows)
        proposed = panel.each(lambda _, voter: voter.propose(windows, none, self.labels))
        return collect_votes(panel, union(proposed, self.tasks), self.tasks, self.labels)

    def label(self, candidate: Candidate) -> str:
        """candidate (Candidate): A candidate.
        RETURNS (str): The label of the gold entity with its offsets; "" if there is none.
        """
        return self.sample[candidate.document].gold.get(self.span(candidate), "")

    def span(self, candidate: Candidate) -> Span:
        """candidate (Candidate): A candidate.
        RETURNS (Span): Its offsets in its sentence.
        """
        start = self.tasks[candidate.document].window.start
        return candidate.start - start, candidate.end - start

    def right(self, candidate: Candidate) -> bool:
        """candidate (Candidate): A candidate.
        RETURNS (bool): Whether it is a gold entity.
        """
        return bool(candidate.label) and self.label(candidate) == candidate.label

    def resolved(self, candidates: Sequence[Candidate]) -> list[Candidate]:
        """candidates (Sequence[Candidate]): Candidates of all sentences.
        RETURNS (list[Candidate]): Those that remain once overlaps are resolved.
        """
        by_sentence: dict[int, list[Candidate]] = {}
        for candidate in candidates:
            by_sentence.setdefault(candidate.document, []).append(candidate)
        return [c for proposed in by_sentence.values() for c in resolve(proposed)]

    def f1(self, candidates: Sequence[Candidate]) -> float:
        """candidates (Sequence[Candidate]): Candidates of all sentences.
        RETURNS (float): F1 of the candidates that remain once overlaps are resolved, 0 to 1.
        """
        chosen = self.resolved(candidates)
        total = len(chosen) + sum(self.gold)
        return 2 * sum(map(self.right, chosen)) / total if total else 1.0
