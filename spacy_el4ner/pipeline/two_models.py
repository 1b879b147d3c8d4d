"""The supervised tagger and the language model run over a batch of documents (Xu et al. 2025).

    windows ─▶ tagger's reading ─▶ which windows to ask about ─▶ language model's reading ─▶ fusion
               (best tagging)         (all, or unsure ones)     (similar demonstrations)    (a rule)

Prompts are pooled over the whole batch.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from spacy.tokens import Doc

from spacy_el4ner import windows as cuts
from spacy_el4ner.fusion import slm
from spacy_el4ner.fusion.disagreements import disagreements, words_of
from spacy_el4ner.fusion.fuse import FusedMention, fuse
from spacy_el4ner.fusion.readings import Case, LLMReading, Seen
from spacy_el4ner.fusion.rejected import decisions, rejected
from spacy_el4ner.fusion.routing import uncertainty
from spacy_el4ner.fusion.rules import SLM, Rule
from spacy_el4ner.fusion.tags import Scheme
from spacy_el4ner.pipeline.pool import Pool
from spacy_el4ner.retrieval.base import Hit, Query, Retriever
from spacy_el4ner.types import Demonstration, Mention, Window

Logits = NDArray[np.float32]
COUNTS = (
    "windows",
    "asked",  # windows that the language model was asked about
    "unread",  # those of them that it gave no reading of
    "windows_split",  # those that were too long for it and that it read in parts
    "demonstrations_dropped",  # those that its prompts had no room for
    "unaligned",  # mentions in its answers that are not in the text
    "unparsed",  # pieces of its answers that are not in the format
    "disagreements",  # places where the two differ
    "slm_won",
    "llm_won",
)


@runtime_checkable
class Reader(Protocol):
    """A language model that tags windows, such as spacy-el4ner.Tagger.v1."""

    def read(
        self,
        windows: Sequence[Window],
        shots: Sequence[Sequence[Demonstration]],
        labels: Mapping[str, str],
        guesses: Sequence[Sequence[Mention]] = (),
    ) -> list[LLMReading]:
        """RETURNS (list[LLMReading]): A reading a window; `shots` are its demonstrations, the most
        similar first; `guesses` what it may find, on which nothing but speed depends.
        """
        ...


@dataclass
class Result:
    """What the two models found in one document.

    entities (list[FusedMention]): The entities, in order and without overlap; offsets in the document.
    rejected (list[FusedMention]): What one model had and the rule decided against.
    counts (dict[str, int]): What happened, see `COUNTS`.
    """

    entities: list[FusedMention] = field(default_factory=list)
    rejected: list[FusedMention] = field(default_factory=list)
    counts: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Trace:
    """What the two models made of a batch of documents.

    results (list[Result]): One a document.
    cases (Sequence[Case]): The windows of all documents as both models read them.
    hits (Sequence[Sequence[Hit]]): For each of them the demonstrations that were found, the most
        similar first; none where the language model was not asked.
    """

    results: list[Result]
    cases: Sequence[Case]
    hits: Sequence[Sequence[Hit]]


@dataclass
class TwoModels:
    """The method, wired.

    llm (Reader | None): The language model; None for the tagger alone.
    retriever (Retriever): Finds demonstrations in the pool.
    pool (Pool): The labelled sentences; empty for none.
    rule (Rule): Decides where the models disagree.
    labels (Mapping[str, str]): Label -> description.
    k (int): Demonstrations a prompt.
    max_sentences (int): Sentences that are read at a time.
    only_uncertain (bool): Whether the language model is asked only where the tagger is unsure.
    """

    llm: Reader | None
    retriever: Retriever
    pool: Pool
    rule: Rule
    labels: Mapping[str, str]
    k: int
    max_sentences: int
    only_uncertain: bool

    def trace(self, docs: Sequence[Doc], logits: Sequence[Logits]) -> Trace:
        """docs (Sequence[Doc]): The documents. They are only read.
        logits (Sequence[ndarray]): The tagger's scores of each, (tokens, tags).
        RETURNS (Trace): What was found in each, and what both models said on the way to it.
        """
        results = [Result(counts=dict.fromkeys(COUNTS, 0)) for _ in docs]
        cases, hits = self._ask(docs, self.tagged(docs, logits))
        for case in cases:
            result = results[case.window.document]
            result.entities += [_in_document(m, case.window) for m in fuse(case, self.rule)]
            result.rejected += [_in_document(m, case.window) for m in rejected(case, self.rule)]
            self._count(case, result.counts)
        return Trace(results, cases, hits)

    def tagged(self, docs: Sequence[Doc], logits: Sequence[Logits]) -> list[Case]:
        """RETURNS (list[Case]): All windows of the documents as the tagger reads them."""
        scheme = Scheme(tuple(self.labels))
        cases = []
        for number, (doc, scores) in enumerate(zip(docs, logits, strict=True)):
            token_at = {token.idx: token.i for token in doc}
            for window in cuts.cut(doc, self.max_sentences, number):
                rows = [token_at[window.start + start] for start, _ in window.tokens]
                cases.append(Case(window, slm.read(scheme, window, scores[rows])))
        return cases

    def ask(self, docs: Sequence[Doc], cases: Sequence[Case], everywhere: bool = False) -> list[Case]:
        """docs (Sequence[Doc]): The documents.
        cases (Sequence[Case]): The tagger's readings of their windows.
        everywhere (bool): Ask about every window, whatever the rule and the route are.
        RETURNS (list[Case]): The same with the language model's readings where it was asked.
        """
        return self._ask(docs, cases, everywhere)[0]

    def _ask(
        self, docs: Sequence[Doc], cases: Sequence[Case], everywhere: bool = False
    ) -> tuple[list[Case], list[Sequence[Hit]]]:
        """The cases with the language model's readings, and the demonstrations found for each."""
        result, hits = list(cases), list[Sequence[Hit]](() for _ in cases)
        if self.llm is None:
            return result, hits
        asked = [n for n, case in enumerate(cases) if everywhere or self._wants(case)]
        windows = [cases[n].window for n in asked]
        own = [self.pool.own(docs[window.document], window) for window in windows]
        found = self._retrieve(windows, own)
        shots = [[hit.demonstration for hit in similar] for similar in found]
        # Mostly the models agree, so that decoding starts from what the tagger found.
        guesses = [cases[n].slm.mentions for n in asked]
        readings = self.llm.read(windows, shots, self.labels, guesses)
        for n, reading, similar, ids in zip(asked, readings, found, own, strict=True):
            case = replace(result[n], llm=reading)
            result[n], hits[n] = replace(case, seen=self._seen(case, ids)), similar
        return result, hits

    def _wants(self, case: Case) -> bool:
        """Whether the language model can change anything here that the route thinks worth asking."""
        if self.rule.name == SLM:
            return False
        return not self.only_uncertain or uncertainty(case.slm) > self.rule.calibration.threshold

    def _retrieve(self, windows: Sequence[Window], own: Sequence[frozenset[str]]) -> list[list[Hit]]:
        """The most similar sentences of the pool. Where a document is one of the pool's own, by its id
        and its text, its sentences do not find themselves.
        """
        if not self.pool.entries or not self.k:
            return [[] for _ in windows]
        queries = [Query(w.text, exclude=ids) for w, ids in zip(windows, own, strict=True)]
        return self.retriever.retrieve(queries, self.k)

    def _seen(self, case: Case, own: frozenset[str]) -> dict[Mention, Seen]:
        """What the pool has of the mentions that are disputed, without the sentence's own."""
        window, lexicon = case.window, self.pool.lexicon
        disputed = [m for d in disagreements(case) for m in (*d.slm, *(m.mention for m in d.llm))]
        return {m: lexicon.seen(words_of(window, m), m.label, own) for m in disputed}

    def _count(self, case: Case, counts: dict[str, int]) -> None:
        """Add what happened in a window, see `COUNTS`."""
        counts["windows"] += 1
        if case.llm is None:
            return
        counts["asked"] += 1
        counts["unread"] += bool(case.llm.error)
        counts["windows_split"] += case.llm.parts > 1
        counts["unaligned"] += case.llm.unaligned
        counts["unparsed"] += case.llm.unparsed
        counts["demonstrations_dropped"] += case.llm.dropped
        for _, decision in decisions(case, self.rule):
            counts["disagreements"] += 1
            counts[f"{decision.side}_won"] += 1


def _in_document(mention: FusedMention, window: Window) -> FusedMention:
    at = window.start
    return replace(mention, start=at + mention.start, end=at + mention.end)
