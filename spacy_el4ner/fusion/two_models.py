"""The method: the tagger and the language model run over a batch of documents (Xu et al. 2025).

    windows ─▶ tagger's reading ─▶ windows to ask about ─▶ language model's reading ─▶ fusion
               (best tagging)        (all, or unsure ones)  (similar demonstrations)   (a rule)

Prompts are pooled over the whole batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import words_of
from spacy_el4ner.fusion.fuse import FusedMention, FusedWindow, fuse
from spacy_el4ner.fusion.llm import FusionLLM
from spacy_el4ner.fusion.routing import uncertainty
from spacy_el4ner.fusion.rules.base import SLM, FusionRule
from spacy_el4ner.retrieval.base import Hit, Query, Retriever
from spacy_el4ner.retrieval.lexicon import Seen
from spacy_el4ner.retrieval.pool import Pool
from spacy_el4ner.slm import reading
from spacy_el4ner.slm.tags import Scheme
from spacy_el4ner.text import windows as cuts
from spacy_el4ner.types import Mention, Window

Logits = NDArray[np.float32]
COUNTS = (
    "windows",
    "asked",  # windows about which the language model was asked
    "unread",  # asked windows without a reading
    "windows_split",  # asked windows that were too long and were read in parts
    "demonstrations_dropped",  # demonstrations for which the prompts had no room
    "unaligned",  # mentions in the answers that are not in the text
    "unparsed",  # pieces of the answers that do not follow the format
    "disagreements",  # places where the two models differ
    "slm_won",
    "llm_won",
)


@dataclass
class FusionResult:
    """The result for one document.

    entities (list[FusedMention]): The entities, in order and without overlap; offsets in the document.
    rejected (list[FusedMention]): Mentions that the rule rejected; offsets in the document.
    counts (dict[str, int]): Counts of the steps, see `COUNTS`.
    """

    entities: list[FusedMention] = field(default_factory=list)
    rejected: list[FusedMention] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class FusionTrace:
    """Every step of the method on a batch of documents.

    results (list[FusionResult]): One for each document.
    windows (Sequence[FusedWindow]): The windows of all documents, read and fused.
    hits (Sequence[Sequence[Hit]]): The demonstrations of each window, the most similar first;
        empty where the language model was not asked.
    """

    results: list[FusionResult]
    windows: Sequence[FusedWindow]
    hits: Sequence[Sequence[Hit]]


@dataclass
class TwoModels:
    """The two models, wired.

    llm (FusionLLM | None): The language model; None for the tagger alone.
    retriever (Retriever): Finds demonstrations in the pool.
    pool (Pool): The labelled sentences; may be empty.
    rule (FusionRule): Decides where the models disagree.
    labels (Mapping[str, str]): Label -> description.
    k (int): Demonstrations in a prompt.
    max_sentences (int): Sentences in a window.
    threshold (float | None): Uncertainty of the tagger, in nats, above which the language model is
        asked about a window; None to ask about every window.
    weights (Weights | None): The calibration of the confidence; None leaves it raw.
    """

    llm: FusionLLM | None
    retriever: Retriever
    pool: Pool
    rule: FusionRule
    labels: Mapping[str, str]
    k: int
    max_sentences: int
    threshold: float | None = None
    weights: Weights | None = None

    def trace(self, docs: Sequence[Doc], logits: Sequence[Logits]) -> FusionTrace:
        """docs (Sequence[Doc]): The documents; they are not changed.
        logits (Sequence[ndarray]): The tagger's scores of each document, (tokens, tags).
        RETURNS (FusionTrace): The result for each document, and the steps that led to it.
        """
        results = [FusionResult(counts=dict.fromkeys(COUNTS, 0)) for _ in docs]
        cases, hits = self._ask(docs, self.tagged(docs, logits))
        windows = [fuse(case, self.rule, self.weights) for case in cases]
        for fused in windows:
            window = fused.case.window
            result = results[window.document]
            result.entities += [_in_document(m, window) for m in fused.entities]
            result.rejected += [_in_document(m, window) for m in fused.rejected]
            _count(fused, result.counts)
        return FusionTrace(results, windows, hits)

    def tagged(self, docs: Sequence[Doc], logits: Sequence[Logits]) -> list[Case]:
        """docs (Sequence[Doc]): The documents.
        logits (Sequence[ndarray]): The tagger's scores of each document, (tokens, tags).
        RETURNS (list[Case]): All windows of the documents with the tagger's readings.
        """
        scheme = Scheme(tuple(self.labels))
        cases = []
        for number, (doc, scores) in enumerate(zip(docs, logits, strict=True)):
            token_at = {token.idx: token.i for token in doc}
            for window in cuts.cut(doc, self.max_sentences, number):
                rows = [token_at[window.start + start] for start, _ in window.tokens]
                cases.append(Case(window, reading.read(scheme, window, scores[rows])))
        return cases

    def ask(self, docs: Sequence[Doc], cases: Sequence[Case], everywhere: bool = False) -> list[Case]:
        """docs (Sequence[Doc]): The documents.
        cases (Sequence[Case]): The tagger's readings of their windows.
        everywhere (bool): Ask about every window, whatever the rule and the threshold are.
        RETURNS (list[Case]): The cases, with the language model's readings where it was asked.
        """
        return self._ask(docs, cases, everywhere)[0]

    def _ask(
        self, docs: Sequence[Doc], cases: Sequence[Case], everywhere: bool = False
    ) -> tuple[list[Case], list[Sequence[Hit]]]:
        """The cases with the language model's readings, and the demonstrations found for each."""
        result, hits = list(cases), list[Sequence[Hit]](() for _ in cases)
        if self.llm is None:
            return result, hits
        chosen = [n for n, case in enumerate(cases) if everywhere or self._wants(case)]
        windows = [cases[n].window for n in chosen]
        own = [self.pool.own(docs[window.document], window) for window in windows]
        retrieved = self._retrieve(windows, own)
        demonstrations = [[hit.demonstration for hit in similar] for similar in retrieved]
        # The models mostly agree, so decoding starts from the tagger's mentions.
        guesses = [cases[n].slm.mentions for n in chosen]
        readings = self.llm.read(windows, demonstrations, self.labels, guesses)
        for n, llm_reading, similar, ids in zip(chosen, readings, retrieved, own, strict=True):
            case = replace(result[n], llm=llm_reading)
            result[n], hits[n] = case.with_seen(self._seen(case, ids)), similar
        return result, hits

    def _wants(self, case: Case) -> bool:
        """Whether the language model's answer could matter, and the tagger is unsure enough to ask."""
        if self.rule.always == SLM:
            return False
        return self.threshold is None or uncertainty(case.slm) > self.threshold

    def _retrieve(self, windows: Sequence[Window], own: Sequence[frozenset[str]]) -> list[list[Hit]]:
        """The most similar sentences of the pool. The sentences of a document that is itself in the
        pool, by its id and its text, do not find themselves.
        """
        if not self.pool.entries or not self.k:
            return [[] for _ in windows]
        queries = [Query(w.text, (), ids, w.words) for w, ids in zip(windows, own, strict=True)]
        return self.retriever.retrieve(queries, self.k)

    def _seen(self, case: Case, own: frozenset[str]) -> dict[Mention, Seen]:
        """The counts of the disputed mentions in the pool, without the sentence's own."""
        window, lexicon = case.window, self.pool.lexicon
        disputed = [m for d in case.disagreements for m in (*d.slm, *(m.mention for m in d.llm))]
        return {m: lexicon.seen(words_of(window, m), m.label, own) for m in disputed}


def _count(fused: FusedWindow, counts: dict[str, int]) -> None:
    """Add the steps of one window to the counts of its document, see `COUNTS`."""
    llm = fused.case.llm
    counts["windows"] += 1
    if llm is None:
        return
    counts["asked"] += 1
    counts["unread"] += bool(llm.error)
    counts["windows_split"] += llm.parts > 1
    counts["unaligned"] += llm.unaligned
    counts["unparsed"] += llm.unparsed
    counts["demonstrations_dropped"] += llm.dropped
    for _, decision in fused.decisions:
        counts["disagreements"] += 1
        counts[f"{decision.side}_won"] += 1


def _in_document(mention: FusedMention, window: Window) -> FusedMention:
    at = window.start
    return replace(mention, start=at + mention.start, end=at + mention.end)
