"""Measurements for tuning: the answers of voters about a sample of sentences, within a budget."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.ensemble.four_stages import FourStages
from spacy_el4ner.ensemble.tasks import Questions, Task, flat
from spacy_el4ner.scores import prf
from spacy_el4ner.tuning.budget import Budget
from spacy_el4ner.tuning.sample import LabelledWindow
from spacy_el4ner.tuning.thresholds import FOLDS
from spacy_el4ner.types import Candidate, Window
from spacy_el4ner.voters.base import (
    Ballot,
    Demonstrations,
    Labels,
    Proposals,
    Span,
    Verifier,
    Voter,
)
from spacy_el4ner.voters.prompted.voter import PromptedVoter


@dataclass
class Forced:
    """The decisions of a voter, a list for each sentence.

    shown (list[list[ForcedDecision]]): With demonstrations; empty where a sentence has none.
    zero_shot (list[list[ForcedDecision]]): Without.
    """

    shown: list[list[ForcedDecision]] = field(default_factory=list)
    zero_shot: list[list[ForcedDecision]] = field(default_factory=list)


@dataclass
class Measurer:
    """Asks voters about the sentences of a sample.

    sample (Sequence[LabelledWindow]): The sentences.
    labels (Labels): Label -> description.
    budget (Budget): Limits how many of them are measured.
    keep_loaded (bool): Whether a voter stays loaded after its turn.
    tasks (list[Task]): The sentences that are measured, with their demonstrations. A measurement that
        runs out of time shortens the list for those that follow.
    seconds (float): Mean time to find the demonstrations of a sentence, in seconds.
    """

    sample: Sequence[LabelledWindow]
    labels: Labels
    budget: Budget
    keep_loaded: bool = True
    tasks: list[Task] = field(default_factory=list)
    seconds: float = 0.0

    def retrieve(self, method: FourStages, share: float) -> None:
        """Find the demonstrations of the sentences, none of which is the sentence itself.

        method (FourStages): The stages.
        share (float): Share of the remaining time to spend, 0 to 1.
        """
        start = self.budget.clock()
        self.tasks += self.with_demonstrations(method, share)
        self.seconds = (self.budget.clock() - start) / len(self.tasks)

    def with_demonstrations(self, method: FourStages, share: float) -> list[Task]:
        """method (FourStages): The stages.
        share (float): Share of the remaining time to spend, 0 to 1.
        RETURNS (list[Task]): The sentences with their demonstrations, as many as there is time for.
        """
        own = replace(method, own=lambda _, window: self.sample[window.document].own)
        docs = [one.doc for one in self.sample]
        windows = [one.window for one in self.sample]
        tasks: list[Task] = []
        for block in self.budget.blocks(windows, "Finding demonstrations", share):
            tasks += own.tasks(docs, block)
        return tasks

    def decisions(self, name: str, voter: PromptedVoter, share: float) -> dict[bool, Forced]:
        """name (str): Name of the voter.
        voter (PromptedVoter): The voter, not calibrated.
        share (float): Share of the remaining time to spend, 0 to 1.
        RETURNS (dict[bool, Forced]): The decisions of the voter along the right answers (False), and
            where mentions open along unmarked copies (True).
        """
        forced = {one_by_one: Forced() for one_by_one in (False, True)}

        def ask(windows: list[Window], demonstrations: Demonstrations) -> None:
            gold = [sorted(self.sample[window.document].gold) for window in windows]
            none: list[tuple[()]] = [()] * len(windows)
            for one_by_one, here in forced.items():
                here.zero_shot += voter.decisions(windows, none, self.labels, gold, one_by_one)
                shown = voter.decisions(windows, demonstrations, self.labels, gold, one_by_one)
                here.shown += [d if any_ else [] for d, any_ in zip(shown, demonstrations, strict=True)]

        self._each(f"{name}: decisions", voter, share, ask)
        return forced

    def proposals(self, name: str, voters: Sequence[Voter], share: float) -> dict[int, Proposals]:
        """name (str): Name of the voter.
        voters (Sequence[Voter]): The voter as it is asked about the sentences of each fold.
        share (float): Share of the remaining time to spend, 0 to 1.
        RETURNS (dict[int, Proposals]): Sentence -> what the voter proposes in it.
        """
        proposed: dict[int, Proposals] = {}

        def ask(windows: list[Window], demonstrations: Demonstrations) -> None:
            for voter in dict.fromkeys(voters):
                here = [n for n, w in enumerate(windows) if voters[w.document % FOLDS] is voter]
                shown = [demonstrations[n] for n in here]
                answers = voter.propose([windows[n] for n in here], shown, self.labels) if here else []
                proposed.update(zip((windows[n].document for n in here), answers, strict=True))
                voter.forget()

        self._each(f"{name}: extraction", voters[0], share, ask)
        return proposed

    def f1_of_spans(self, proposed: Mapping[int, Proposals]) -> float:
        """proposed (Mapping[int, Proposals]): Sentence -> what a voter proposes in it.
        RETURNS (float): F1 of these spans, over the sentences that are measured.
        """
        numbers = [task.window.document for task in self.tasks]
        spans = {(n, span) for n in numbers for span in proposed[n].spans}
        gold = {(n, span) for n in numbers for span in self.sample[n].gold}
        return prf(spans, gold).f

    def ballots(
        self, name: str, voter: Voter, spans: Mapping[int, Sequence[Span]], share: float
    ) -> dict[tuple[int, Span], Ballot]:
        """name (str): Name of the voter.
        voter (Voter): The voter.
        spans (Mapping[int, Sequence[Span]]): Sentence -> the spans to classify.
        share (float): Share of the remaining time to spend, 0 to 1.
        RETURNS (dict[tuple[int, Span], Ballot]): Sentence and span -> the voter's opinion.
        """
        given: dict[tuple[int, Span], Ballot] = {}

        def ask(windows: list[Window], demonstrations: Demonstrations) -> None:
            queries = [list(spans[window.document]) for window in windows]
            answers = voter.classify(windows, queries, demonstrations, self.labels)
            for window, queried, ballots in zip(windows, queries, answers, strict=True):
                given.update({(window.document, s): b for s, b in zip(queried, ballots, strict=True)})

        self._each(f"{name}: classification", voter, share, ask)
        return given

    def verifications(
        self, name: str, voter: Voter, candidates: Sequence[Candidate], share: float
    ) -> dict[tuple[int, int, int], float]:
        """name (str): Name of the voter.
        voter (Voter): A voter that can verify.
        candidates (Sequence[Candidate]): Candidates with labels.
        share (float): Share of the remaining time to spend, 0 to 1.
        RETURNS (dict[tuple[int, int, int], float]): Sentence, start and end -> probability of "true".
        """
        given: dict[tuple[int, int, int], float] = {}

        def ask(windows: list[Window], demonstrations: Demonstrations) -> None:
            numbers = {window.document for window in windows}
            here = [c for c in candidates if c.document in numbers]
            q = Questions(here, self.tasks)
            assert isinstance(voter, Verifier)
            answers = flat(voter.verify(q.windows, q.mentions, q.demonstrations, self.labels))
            for candidate, answer in zip(here, answers, strict=True):
                given[candidate.document, candidate.start, candidate.end] = answer.probability

        self._each(f"{name}: verification", voter, share, ask)
        return given

    def _each(
        self,
        title: str,
        voter: Voter,
        share: float,
        ask: Callable[[list[Window], Demonstrations], None],
    ) -> None:
        """Ask about the sentences block by block, and drop those for which there was no time."""
        done = 0
        for block in self.budget.blocks(self.tasks, title, share):
            ask([task.window for task in block], [task.demonstrations for task in block])
            voter.forget()
            done += len(block)
        if not self.keep_loaded:
            voter.unload()
        del self.tasks[done:]
