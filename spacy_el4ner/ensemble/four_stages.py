"""EL4NER's four stages run over a batch of documents (arXiv 2505.23038).

    windows ─▶ demonstration retrieval ─▶ span extraction ─▶ span classification ─▶ type verification
                 (union of spans)            (union)             (vote)              (true/false)

Every stage asks each voter once about the whole batch: those on servers at the same time, those in this
process one after another, so that a small GPU needs to hold only one at a time. With a cascade, the
voters take turns with both middle stages instead, see `cascade.py`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from spacy.tokens import Doc

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.ensemble.cascade import Asked, Cascade, ask_in_turn
from spacy_el4ner.ensemble.confidence import calibrated_candidate
from spacy_el4ner.ensemble.counts import Counts
from spacy_el4ner.ensemble.panel import Absences, Panel
from spacy_el4ner.ensemble.proposing import agreement, propose, readable, spans_of, union
from spacy_el4ner.ensemble.retrieval import Spans, pool_entries, retrieve
from spacy_el4ner.ensemble.tasks import Places, Task
from spacy_el4ner.ensemble.trace import EnsembleResult, EnsembleTrace
from spacy_el4ner.ensemble.vote import MajorityVote, VoteRule
from spacy_el4ner.ensemble.voting import classify, verify
from spacy_el4ner.retrieval.base import PoolEntry, Retriever
from spacy_el4ner.retrieval.weights import POS_WEIGHTS, span_weight
from spacy_el4ner.text import windows
from spacy_el4ner.types import Candidate, Demonstration, Window
from spacy_el4ner.voters.base import Coverage, Proposals, Voter

STAGES = ("demonstrations", "extraction", "classification", "verification")
UNTYPED = "ENTITY"
"""The label of entities while classification is switched off and several labels are possible."""
Progress = Callable[[Iterable[Any]], Iterable[Any]]
"""Wraps the batches of the pool, to show how far it is."""


@dataclass
class FourStages:
    """The method, wired.

    voters (Mapping[str, Voter]): The ensemble: name -> voter.
    retriever (Retriever | None): Holds the demonstration pool; None for zero-shot.
    verifier (str): Name of the voter that verifies.
    labels (dict[str, str]): Label -> description.
    k (int): Demonstrations per window.
    vote (VoteRule): Makes one label of the votes.
    stages (dict[str, bool]): Which stages run.
    confidence (Weights | None): The calibration of the confidence; None leaves it raw.
    cascade (Cascade | None): Which voters are asked only where others leave the vote open; None to ask
        all about everything.
    pos_weights (dict[str, float]): w(s) in SpanSim: part of speech -> weight.
    max_sentences (int): Sentences per window.
    keep_loaded (bool): Whether voters stay loaded, or each is unloaded after its turn.
    min_voters (int | None): How many voters have to answer; None for all.
    own (Callable[[Doc, Window], frozenset[str]]): Gives the ids of the demonstrations that a window
        itself is; they are not shown to it.
    absences (Absences): The voters that did not answer in earlier batches.
    """

    voters: Mapping[str, Voter]
    retriever: Retriever | None
    verifier: str
    labels: dict[str, str]
    k: int = 5
    vote: VoteRule = field(default_factory=MajorityVote)
    stages: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(STAGES, True))
    confidence: Weights | None = None
    cascade: Cascade | None = None
    pos_weights: dict[str, float] = field(default_factory=lambda: dict(POS_WEIGHTS))
    max_sentences: int = 1
    keep_loaded: bool = True
    min_voters: int | None = None
    own: Callable[[Doc, Window], frozenset[str]] = lambda doc, window: frozenset()
    absences: Absences = field(default_factory=Absences)

    def __call__(self, docs: Sequence[Doc]) -> list[EnsembleResult]:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (list[EnsembleResult]): One per document, in order.
        """
        return self.trace(docs).results

    def trace(self, docs: Sequence[Doc]) -> EnsembleTrace:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (EnsembleTrace): The results, and what each stage made of the documents on the way to
            them.
        """
        panel = self.panel()
        try:
            return self._run(panel, docs)
        finally:
            panel.forget()

    def tasks(self, docs: Sequence[Doc], cut: Sequence[Window]) -> list[Task]:
        """docs (Sequence[Doc]): The documents.
        cut (Sequence[Window]): Windows of them.
        RETURNS (list[Task]): Each window with its demonstrations: stage 1 alone.
        """
        panel = self.panel()
        try:
            return self._retrieve(panel, docs, cut)[0]
        finally:
            panel.forget()

    def index(
        self, pool: Sequence[Demonstration], progress: Progress = iter, batch_size: int = 64
    ) -> list[PoolEntry]:
        """Give the retriever its pool.

        pool (Sequence[Demonstration]): The labelled sentences.
        progress (Callable): Wraps the batches, to show how far it is.
        batch_size (int): Sentences per batch.
        RETURNS (list[PoolEntry]): The pool as indexed.
        """
        assert self.retriever is not None
        entries = self.entries(pool, progress, batch_size)
        self.retriever.index(entries)
        return entries

    def entries(
        self, pool: Sequence[Demonstration], progress: Progress = iter, batch_size: int = 64
    ) -> list[PoolEntry]:
        """pool (Sequence[Demonstration]): The labelled sentences.
        progress (Callable): Wraps the batches, to show how far it is.
        batch_size (int): Sentences per batch.
        RETURNS (list[PoolEntry]): The sentences with their pre-extracted spans, if the retriever needs
            any and demonstrations are shown at all.
        """
        spans: list[Spans] = [()] * len(pool)
        shown = self.stages["demonstrations"] and self.k > 0
        if shown and self.retriever is not None and self.retriever.needs_spans:
            for start in progress(range(0, len(pool), batch_size)):
                batch = pool[start : start + batch_size]
                spans[start : start + batch_size] = self._pool_spans(batch)
        return pool_entries(pool, spans)

    def panel(self) -> Panel:
        """RETURNS (Panel): The voters, without those that did not answer in earlier batches."""
        return Panel(self.voters, self.min_voters, self.keep_loaded, self.absences)

    @property
    def _cascade(self) -> Cascade | None:
        """The cascade, where both stages run that its voters take turns with."""
        return self.cascade if self.stages["extraction"] and self.stages["classification"] else None

    def _run(self, panel: Panel, docs: Sequence[Doc]) -> EnsembleTrace:
        cut = [w for n, doc in enumerate(docs) for w in windows.cut(doc, self.max_sentences, n)]
        tasks, zero_shot = self._retrieve(panel, docs, cut)
        counts = Counts(len(docs), self.voters)
        counts.windows(tasks)
        demonstrations = [task.demonstrations for task in tasks]
        coverage = panel.each(lambda _, voter: voter.coverage(cut, demonstrations, self.labels))
        for name, covered in coverage.items():
            counts.coverage(tasks, name, covered)
        asked = self._ask(panel, tasks, coverage, zero_shot)
        counts.asked(tasks, asked.windows)
        counts.proposals(tasks, asked.proposed)
        classified = counts.left("union", asked.classified)
        typed = counts.left("typed", [c for c in classified if c.label])
        verified = self._verify(panel, typed, tasks, asked.open)
        counts.unread(classified, verified)
        confirmed = [c for c in verified if c.verdict is None or c.verdict.true]
        survivors = counts.left("verified", confirmed)
        results = [EnsembleResult([], {**c, "unavailable": dict(panel.absent)}) for c in counts.of]
        for candidate in survivors:
            calibrated = calibrated_candidate(candidate, self.confidence)
            results[candidate.document].candidates.append(calibrated)
        pre = zero_shot or {}
        return EnsembleTrace(results, tasks, pre, coverage, asked.proposed, classified, verified)

    def _retrieve(
        self, panel: Panel, docs: Sequence[Doc], cut: Sequence[Window]
    ) -> tuple[list[Task], dict[str, list[Proposals]] | None]:
        """Stage 1: each window with its demonstrations, and what was proposed on the way."""
        tasks = [Task(window) for window in cut]
        wanted = self.stages["demonstrations"] and self.k > 0
        if not wanted or self.retriever is None or not cut:
            return tasks, None
        first = cascade.turns(self.voters)[0] if (cascade := self._cascade) else None
        zero_shot = propose(panel, tasks, self.labels, first) if self.retriever.needs_spans else None
        spans = [spans_of(zero_shot or {}, n) for n in range(len(cut))]

        def weight(window: Window, start: int, end: int) -> float:
            doc = docs[window.document]
            return span_weight(doc, window.start + start, window.start + end, self.pos_weights)

        def own(window: Window) -> frozenset[str]:
            return self.own(docs[window.document], window)

        return retrieve(self.retriever, cut, spans, weight, self.k, own), zero_shot

    def _pool_spans(self, batch: Sequence[Demonstration]) -> list[Spans]:
        """What the voters propose in sentences of the pool, zero-shot."""
        panel = self.panel()
        tasks = [Task(replace(d.window, start=0, document=n)) for n, d in enumerate(batch)]
        try:
            proposed = propose(panel, tasks, self.labels)
        finally:
            panel.forget()
        return [spans_of(proposed, n) for n in range(len(batch))]

    def _ask(
        self,
        panel: Panel,
        tasks: Sequence[Task],
        coverage: Mapping[str, Sequence[Coverage]],
        zero_shot: dict[str, list[Proposals]] | None,
    ) -> Asked:
        """Stages 2 and 3: the union of the proposals, and the vote on them."""
        if (cascade := self._cascade) is not None:
            return ask_in_turn(panel, tasks, self.labels, self.vote, coverage, cascade)
        extracts = self.stages["extraction"] or zero_shot is None
        proposed = propose(panel, tasks, self.labels) if extracts else zero_shot or {}
        candidates = readable(union(proposed, tasks), tasks, coverage)
        every = list(range(len(tasks)))
        classified = self._classify(panel, candidates, tasks)
        return Asked(proposed, classified, dict.fromkeys(proposed, every), every)

    def _classify(
        self, panel: Panel, candidates: Sequence[Candidate], tasks: Sequence[Task]
    ) -> list[Candidate]:
        """Stage 3: the candidates with the label that was voted for, "" for those voted down."""
        if self.stages["classification"]:
            return classify(panel, candidates, tasks, self.labels, self.vote)
        only = next(iter(self.labels)) if len(self.labels) == 1 else UNTYPED
        return [
            replace(c, label=only, confidence=agreement(c.proposals, len(panel.present)))
            for c in candidates
        ]

    def _verify(
        self,
        panel: Panel,
        candidates: Sequence[Candidate],
        tasks: Sequence[Task],
        windows: Sequence[int],
    ) -> list[Candidate]:
        """Stage 4: the candidates with the verifier's answers, where it is asked: about those in the
        windows that all voters were asked about.
        """
        typed = self.stages["classification"] or len(self.labels) == 1
        if not self.stages["verification"] or not typed:
            return list(candidates)
        at, asked = Places([task.window for task in tasks]), set(windows)
        open_ = [c for c in candidates if at.window(c.document, c.start) in asked]
        verdicts = iter(verify(panel, self.verifier, open_, tasks, self.labels))
        return [next(verdicts) if at.window(c.document, c.start) in asked else c for c in candidates]
