"""EL4NER's four stages run over a batch of documents (arXiv 2505.23038).

    windows ─▶ demonstration retrieval ─▶ span extraction ─▶ span classification ─▶ type verification
                 (union of spans)            (union)             (vote)              (true/false)

Every stage pools its prompts over the whole batch, and the backbones run one after another over them,
so that a small GPU needs to hold only one at a time.
"""

import math
from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from spacy.tokens import Doc

from spacy_el4ner import windows
from spacy_el4ner.backends.base import Backbone, BackendUnavailable
from spacy_el4ner.ensemble.confidence import confidence
from spacy_el4ner.ensemble.vote import MajorityVote, VoteRule
from spacy_el4ner.pipeline.counts import count_extraction, count_unread, counted, new_counts
from spacy_el4ner.pipeline.trace import Result, Trace
from spacy_el4ner.retrieval.base import PoolEntry, Retriever
from spacy_el4ner.retrieval.weights import POS_WEIGHTS, span_weight
from spacy_el4ner.stages.classification import classify
from spacy_el4ner.stages.demonstrations import Spans, pool_entries, retrieve
from spacy_el4ner.stages.extraction import Extraction, extract
from spacy_el4ner.stages.extraction import union as union_of
from spacy_el4ner.stages.questions import Question
from spacy_el4ner.stages.reading import Reading, Setting, Task, read
from spacy_el4ner.stages.verification import verify
from spacy_el4ner.types import Candidate, Demonstration, Window

T = TypeVar("T")
STAGES = ("demonstrations", "extraction", "classification", "verification")


@dataclass
class FourStages:
    """The method, wired.

    backbones (Sequence[Backbone]): The ensemble.
    retriever (Retriever | None): Holds the demonstration pool; None for zero-shot.
    verifier (str): Name of the backbone that verifies.
    labels (Mapping[str, str]): Label -> description.
    k (int): Demonstrations a prompt.
    stages (Mapping[str, bool]): Which stages run.
    min_backbones (int | None): With how many backbones the ensemble goes on when others do not answer;
        None for all.
    own (Callable[[Doc, Window], frozenset[str]]): Ids of the demonstrations that a window of a document
        itself is; they are not shown to it.
    unavailable (dict[str, str]): Backbones that did not answer -> why. They are not asked again.
    """

    backbones: Sequence[Backbone]
    retriever: Retriever | None
    verifier: str
    labels: dict[str, str]
    k: int = 5
    vote: VoteRule = field(default_factory=MajorityVote)
    stages: dict[str, bool] = field(default_factory=lambda: dict.fromkeys(STAGES, True))
    pos_weights: dict[str, float] = field(default_factory=lambda: dict(POS_WEIGHTS))
    max_sentences: int = 1
    most_similar_last: bool = True
    keep_loaded: bool = True
    min_backbones: int | None = None
    own: Callable[[Doc, Window], frozenset[str]] = lambda doc, window: frozenset()
    unavailable: dict[str, str] = field(default_factory=dict)

    @property
    def setting(self) -> Setting:
        return Setting(self.labels, self.most_similar_last)

    def __call__(self, docs: Sequence[Doc]) -> list[Result]:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (list[Result]): One a document, in order.
        """
        return self.trace(docs).results

    def trace(self, docs: Sequence[Doc]) -> Trace:
        """docs (Sequence[Doc]): The documents. They are only read.
        RETURNS (Trace): The results, and what each stage made of the documents on the way to them.
        """
        try:
            return self._run(docs)
        finally:
            self._forget()

    def _run(self, docs: Sequence[Doc]) -> Trace:
        cut = [w for n, doc in enumerate(docs) for w in windows.cut(doc, self.max_sentences, n)]
        counts = [new_counts(self.backbones) for _ in docs]
        for window in cut:
            counts[window.document]["windows"] += 1
        tasks, zero_shot = self._retrieve(docs, cut)
        readings = {b.name: self._read(b, tasks, counts) for b in self._available()}
        if self.stages["extraction"] or zero_shot is None:
            extractions = self._extract(lambda b: readings[b.name], zero_shot or ())
        else:
            extractions = zero_shot
        for extraction in extractions:
            count_extraction(extraction, counts)
        everything = self._candidates(extractions, tasks)
        union = counted("union", _readable(everything, readings), counts)
        classified = self._classify(union, cut, readings)
        typed = counted("typed", [c for c in classified if c.label], counts)
        verified = self._verify(typed, cut, readings)
        count_unread(classified, verified, counts)
        confirmed = [c for c in verified if c.verdict is None or c.verdict.true]
        candidates = counted("verified", confirmed, counts)
        results = [Result([], {**c, "unavailable": dict(self.unavailable)}) for c in counts]
        for candidate in candidates:
            results[candidate.document].candidates.append(candidate)
        pre = zero_shot or []
        return Trace(results, tasks, pre, readings, extractions, classified, verified)

    def index(
        self,
        pool: Sequence[Demonstration],
        progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
        batch_size: int = 64,
    ) -> list[PoolEntry]:
        """Give the retriever its pool, the spans of which are pre-extracted first if it needs them.

        pool (Sequence[Demonstration]): The labelled sentences.
        progress (Callable): Wraps the batches, to show how far it is.
        batch_size (int): Sentences a batch.
        RETURNS (list[PoolEntry]): The pool as indexed.
        """
        assert self.retriever is not None
        entries = self.entries(pool, progress, batch_size)
        self.retriever.index(entries)
        return entries

    def entries(
        self,
        pool: Sequence[Demonstration],
        progress: Callable[[Iterable[Any]], Iterable[Any]] = iter,
        batch_size: int = 64,
    ) -> list[PoolEntry]:
        """RETURNS (list[PoolEntry]): The same, to be indexed."""
        spans: list[Spans] = [()] * len(pool)
        if self.retriever is not None and self.retriever.needs_spans:
            starts = range(0, len(pool), batch_size)
            for start in progress(starts):
                batch = [
                    replace(shot.window, start=0, document=n)
                    for n, shot in enumerate(pool[start : start + batch_size])
                ]
                spans[start : start + batch_size] = _by_window(self._pre_extract(batch), batch)
                self._forget()
        return pool_entries(pool, spans)

    def _retrieve(
        self, docs: Sequence[Doc], cut: Sequence[Window]
    ) -> tuple[list[Task], list[Extraction] | None]:
        """Stage 1: each window with its demonstrations, and what was extracted on the way."""
        wanted = self.stages["demonstrations"] and self.retriever is not None and self.k > 0
        if not wanted or self.retriever is None or not cut:
            return [Task(window) for window in cut], None
        extractions = self._pre_extract(cut) if self.retriever.needs_spans else None
        spans = _by_window(extractions, cut) if extractions else [()] * len(cut)

        def weight(window: Window, start: int, end: int) -> float:
            doc = docs[window.document]
            return span_weight(doc, window.start + start, window.start + end, self.pos_weights)

        def own(window: Window) -> frozenset[str]:
            return self.own(docs[window.document], window)

        tasks = retrieve(self.retriever, cut, spans, weight, self.k, own)
        if 2 * sum(bool(task.shots) for task in tasks) >= len(tasks):
            self._forget()  # most of the later prompts begin with demonstrations
        return tasks, extractions

    def _pre_extract(self, cut: Sequence[Window]) -> list[Extraction]:
        """Untyped spans, zero-shot, of every backbone."""
        tasks = [Task(window) for window in cut]
        return self._extract(lambda b: [r for t in tasks for r in read(b, t, self.setting)])

    def _extract(
        self, readings: Callable[[Backbone], list[Reading]], before: Sequence[Extraction] = ()
    ) -> list[Extraction]:
        """What every backbone extracts. Each starts from what it extracted before, or else from what
        the one before it did; what it is shown no demonstrations of, it is not asked again.
        """
        latest: list[Extraction] = []

        def one(backbone: Backbone) -> list[Extraction]:
            own = [e for e in before if e.reading.backbone.name == backbone.name]
            seen = [p for e in own or latest for p in e.proposals]
            known = {(e.reading.window, e.reading.shots): e for e in own}
            wanted = readings(backbone)
            asked = [r for r in wanted if (r.window, r.shots) not in known]
            again = [known[r.window, r.shots] for r in wanted if (r.window, r.shots) in known]
            latest[:] = [*again, *extract(asked, self.setting, seen)]
            return list(latest)

        return self._each(one)

    def _read(
        self, backbone: Backbone, tasks: Sequence[Task], counts: list[dict[str, Any]]
    ) -> list[Reading]:
        readings = []
        for task in tasks:
            parts = read(backbone, task, self.setting)
            count = counts[task.window.document]
            count["demonstrations"] += len(parts[0].shots)
            count["demonstrations_dropped"] += sum(part.dropped for part in parts)
            count["windows_split"] += len(parts) - 1
            count["tokens_unread"] += sum(part.unread for part in parts)
            if len(parts) > 1:
                split = count["split_by"]
                split[backbone.name] = split.get(backbone.name, 0) + 1
            readings += parts
        return readings

    def _candidates(self, extractions: Sequence[Extraction], tasks: Sequence[Task]) -> list[Candidate]:
        """The union of what was extracted, in the order of the text."""
        at = _Places([task.window for task in tasks])
        return [
            Candidate(
                start,
                end,
                proposals=proposals,
                demonstrations=tuple(s.id for s in tasks[at.window(document, start)].shots),
                document=document,
            )
            for (document, start, end), proposals in union_of(
                p for e in extractions for p in e.proposals
            ).items()
        ]

    def _classify(
        self,
        candidates: Sequence[Candidate],
        cut: Sequence[Window],
        readings: dict[str, list[Reading]],
    ) -> list[Candidate]:
        """Stage 3: candidates with the type that was voted for, "" for those voted down."""
        if not candidates:
            return []
        if not self.stages["classification"]:
            only = next(iter(self.labels)) if len(self.labels) == 1 else UNTYPED
            return [
                replace(c, label=only, confidence=_mean(c.proposals, len(self.backbones)))
                for c in candidates
            ]
        questions = _questions(candidates, cut)
        ballots = self._each(lambda b: [classify(questions, readings[b.name], self.setting)])
        typed = []
        for candidate, ballot in zip(candidates, zip(*ballots, strict=True), strict=True):
            votes = tuple(replace(v, extracted=v.backbone in candidate.proposals) for v in ballot)
            label = self.vote(votes, list(self.labels))
            sure = confidence(label, votes, None)
            typed.append(replace(candidate, label=label, votes=votes, confidence=sure))
        return typed

    def _verify(
        self,
        candidates: Sequence[Candidate],
        cut: Sequence[Window],
        readings: dict[str, list[Reading]],
    ) -> list[Candidate]:
        """Stage 4: the candidates with the verifier's answers, where it is asked."""
        untyped = not self.stages["classification"] and len(self.labels) != 1
        if not self.stages["verification"] or untyped or not candidates:
            return list(candidates)
        questions = _questions(candidates, cut)
        verdicts = None
        while verdicts is None:
            # Where the verifier does not answer, the next backbone takes its place.
            available = self._available()
            verifier = next((b for b in available if b.name == self.verifier), available[0])
            verdicts = self._with(verifier, lambda b: verify(questions, readings[b.name], self.setting))
        return [
            replace(c, verdict=v, confidence=confidence(c.label, c.votes, v))
            for c, v in zip(candidates, verdicts, strict=True)
        ]

    def _forget(self) -> None:
        for backbone in self.backbones:
            backbone.backend.forget()

    def _available(self) -> list[Backbone]:
        return [b for b in self.backbones if b.name not in self.unavailable]

    def _each(self, stage: Callable[[Backbone], list[T]]) -> list[T]:
        answers = [self._with(backbone, stage) for backbone in self._available()]
        return [one for answer in answers if answer is not None for one in answer]

    def _with(self, backbone: Backbone, stage: Callable[[Backbone], T]) -> T | None:
        """Let one backbone do a stage, and free its memory after unless it may stay.

        RETURNS (T | None): What it did; None where it does not answer and the others may go on.
        """
        try:
            return stage(backbone)
        except BackendUnavailable as error:
            self.unavailable[backbone.name] = str(error)
            needed = len(self.backbones) if self.min_backbones is None else self.min_backbones
            if len(self._available()) < max(1, needed):
                raise
            return None
        finally:
            if not self.keep_loaded:
                backbone.backend.unload()


UNTYPED = "ENTITY"
"""The label of entities while classification is switched off and several labels are possible."""


def _questions(candidates: Sequence[Candidate], cut: Sequence[Window]) -> list[Question]:
    at = _Places(cut)
    return [Question(cut[at.window(c.document, c.start)], c.start, c.end, c.label) for c in candidates]


def _readable(candidates: Sequence[Candidate], readings: dict[str, list[Reading]]) -> list[Candidate]:
    """Those of the candidates that every backbone can be asked about."""
    unread = {
        (r.window.document, r.window.start, r.window.end)
        for found in readings.values()
        for r in found
        if r.unread
    }
    return [
        c
        for c in candidates
        if not any(c.document == n and c.start < end and start < c.end for n, start, end in unread)
    ]


class _Places:
    """Finds the window that a place of a document lies in.

    cut (Sequence[Window]): Windows, those of a document in order.
    """

    def __init__(self, cut: Sequence[Window]):
        self.starts: dict[int, list[int]] = {}
        self.indices: dict[int, list[int]] = {}
        for index, window in enumerate(cut):
            self.starts.setdefault(window.document, []).append(window.start)
            self.indices.setdefault(window.document, []).append(index)

    def window(self, document: int, start: int) -> int:
        """RETURNS (int): Index of the window in which a span begins."""
        return self.indices[document][bisect_right(self.starts[document], start) - 1]


def _by_window(extractions: Iterable[Extraction], cut: Sequence[Window]) -> list[Spans]:
    """The union of the spans in each window, as offsets in it."""
    at = _Places(cut)
    spans: list[set[tuple[int, int]]] = [set() for _ in cut]
    for p in (p for e in extractions for p in e.proposals):
        index = at.window(p.document, p.start)
        start = cut[index].start
        spans[index].add((p.start - start, p.end - start))
    return [sorted(found) for found in spans]


def _mean(proposals: dict[str, float], n: int) -> float:
    """Where the transport gives no probabilities, agreement takes their place."""
    return math.fsum(1.0 if math.isnan(p) else p for p in proposals.values()) / n
