"""Labelled sentences drawn for tuning, each with the demonstrations to withhold from it."""

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace

from spacy.language import Language
from spacy.tokens import Doc

from spacy_el4ner.pipeline.llm_ensemble_ner import LLMEnsembleNER
from spacy_el4ner.pipeline.upstream import before
from spacy_el4ner.retrieval.base import PoolEntry
from spacy_el4ner.retrieval.gold import Gold, is_annotated
from spacy_el4ner.text import windows
from spacy_el4ner.types import Mention, Window

Span = tuple[int, int]


@dataclass(frozen=True)
class LabelledWindow:
    """A window with its gold entities.

    doc (Doc): Its document, as the component gets it.
    window (Window): The window; its `document` is its number in the sample.
    gold (dict[Span, str]): Span -> label, with offsets in the window.
    own (frozenset[str]): Ids of the demonstrations that it must not be shown: itself, and sentences of
        its document.
    """

    doc: Doc
    window: Window
    gold: dict[Span, str]
    own: frozenset[str]


def draw(
    nlp: Language, component: LLMEnsembleNER, docs: Sequence[Doc], limit: int, seed: int
) -> list[LabelledWindow]:
    """nlp (Language): The pipeline.
    component (LLMEnsembleNER): Its ensemble, with its pool.
    docs (Sequence[Doc]): Further labelled documents. Their sentences come first.
    limit (int): Sentences to draw at most.
    seed (int): Seed of the draw.
    RETURNS (list[LabelledWindow]): Sentences in random order; those with entities and those without
        keep their natural shares.
    """
    chance = random.Random(seed)
    labelled = _from_docs(nlp, component, docs)
    chance.shuffle(labelled)
    entries = list(component.pool.entries)
    chance.shuffle(entries)
    drawn = labelled[:limit]
    drawn += _from_pool(nlp, component, entries[: limit - len(drawn)])
    return [
        replace(
            one,
            window=replace(one.window, document=n),
            gold={span: label for span, label in one.gold.items() if label in component.labels},
        )
        for n, one in enumerate(drawn)
    ]


def _from_docs(nlp: Language, component: LLMEnsembleNER, docs: Sequence[Doc]) -> list[LabelledWindow]:
    labelled = []
    for gold_doc, doc in zip(docs, before(nlp, component, docs), strict=True):
        gold = Gold(gold_doc)
        for window in windows.cut(doc, component.cfg["max_sentences"]):
            if is_annotated(gold_doc, window):
                own = component.pool.own(gold_doc, window) | _same(component, window.text)
                labelled.append(LabelledWindow(doc, window, _spans(gold.mentions(window)), own))
    return labelled


def _from_pool(
    nlp: Language, component: LLMEnsembleNER, entries: Sequence[PoolEntry]
) -> list[LabelledWindow]:
    pool, labelled = component.pool, []
    texts = [nlp.make_doc(entry.demonstration.window.text) for entry in entries]
    for entry, doc in zip(entries, before(nlp, component, texts), strict=True):
        demonstration = entry.demonstration
        siblings = pool.named(demonstration.id.rpartition("/")[0])
        if 2 * len(siblings) > len(pool.entries):
            siblings = frozenset()  # a pool of one document would have nothing left to show
        own = siblings | {demonstration.id} | _same(component, demonstration.window.text)
        window = replace(demonstration.window, start=0)
        labelled.append(LabelledWindow(doc, window, _spans(demonstration.mentions), own))
    return labelled


def _same(component: LLMEnsembleNER, text: str) -> frozenset[str]:
    """Ids of the demonstrations with the same text."""
    return frozenset(
        e.demonstration.id for e in component.pool.entries if e.demonstration.window.text == text
    )


def _spans(mentions: Sequence[Mention]) -> dict[Span, str]:
    return {(mention.start, mention.end): mention.label for mention in mentions}


def near_misses(one: LabelledWindow) -> set[Span]:
    """one (LabelledWindow): A sentence.
    RETURNS (set[Span]): For each gold entity a span that is one token too long: on the right if
        possible, else on the left.
    """
    tokens = one.window.tokens
    missed = set()
    for start, end in one.gold:
        following = [token for token in tokens if token[0] >= end]
        preceding = [token for token in tokens if token[1] <= start]
        if following:
            missed.add((start, following[0][1]))
        elif preceding:
            missed.add((preceding[-1][0], end))
    return missed - set(one.gold)
