"""The confidence of each model in its side of a disagreement."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

import numpy as np

from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import CATEGORY, Disagreement, tokens_of
from spacy_el4ner.types import Mention

UNKNOWN = 0.5
"""Stands in for a missing probability: neither for nor against."""

FARTHEST = 20.0
"""Greatest difference of log-probabilities that counts, in nats."""


def entropy(case: Case, tokens: range, temperature: float = 1.0) -> float:
    """case (Case): The window.
    tokens (range): Indices of some of its tokens.
    temperature (float): Divides the tagger's log-probabilities.
    RETURNS (float): Mean entropy of the tagger over these tokens, in nats.
    """
    return float(case.slm.entropies(temperature)[tokens.start : tokens.stop].mean())


def slm_probability(case: Case, disagreement: Disagreement) -> float:
    """case (Case): The window.
    disagreement (Disagreement): One of its disagreements.
    RETURNS (float): Mean probability of the tagger's mentions; where it has none, that of its best
        tags, which say "no entity".
    """
    if disagreement.slm:
        return fmean(disagreement.probabilities)
    tokens = disagreement.tokens
    best = case.slm.logprobs[tokens.start : tokens.stop].max(axis=-1)
    return float(np.exp(best.astype(np.float64)).mean())


def preference(case: Case, disagreement: Disagreement) -> float:
    """How much likelier the tagger finds its own side than the language model's. An uncertain tagger
    may hesitate between exactly these two sides, or between others.

    case (Case): The window.
    disagreement (Disagreement): One of its disagreements.
    RETURNS (float): Difference of the log-probabilities of the tags of both sides, in nats, within
        `FARTHEST` of 0.
    """
    own = _logprob(case, disagreement, disagreement.slm)
    other = _logprob(case, disagreement, [m.mention for m in disagreement.llm])
    return min(max(own - other, -FARTHEST), FARTHEST) if own != other else 0.0


def llm_probability(case: Case, disagreement: Disagreement) -> float:
    """P(LLM) of Xu et al. 2025, equation 3.

    case (Case): The window.
    disagreement (Disagreement): One of its disagreements.
    RETURNS (float): Where the models disagree about the category, the category probability of the
        language model's mention; otherwise the mean boundary probability of its mentions or, where it
        has none, of "no entity" (ours; the paper leaves that open).
    """
    pick = category if disagreement.kind == CATEGORY else boundary
    return pick(case, disagreement)


def category(case: Case, disagreement: Disagreement) -> float:
    """case (Case): The window.
    disagreement (Disagreement): One of its disagreements.
    RETURNS (float): Mean category probability of the language model's mentions, or its probability of
        "no entity".
    """
    return _mean((m.category for m in disagreement.llm), case, disagreement)


def boundary(case: Case, disagreement: Disagreement) -> float:
    """case (Case): The window.
    disagreement (Disagreement): One of its disagreements.
    RETURNS (float): Mean boundary probability of the language model's mentions, or its probability of
        "no entity".
    """
    return _mean((m.boundary for m in disagreement.llm), case, disagreement)


def greatest_entropy(case: Case) -> float:
    """case (Case): The window.
    RETURNS (float): The entropy of a tagger that knows nothing, ln(number of tags), in nats.
    """
    return math.log(max(case.slm.logprobs.shape[-1], 2))


def copying(case: Case, tokens: range) -> float:
    """case (Case): The window.
    tokens (range): Indices of some of its tokens.
    RETURNS (float): Mean probability with which the language model copied these tokens unchanged.
    """
    copied = case.llm.copied if case.llm is not None else ()
    return fmean([copied[n] for n in tokens]) if copied else UNKNOWN


def least_copied(case: Case, tokens: range) -> float:
    """case (Case): The window.
    tokens (range): Indices of some of its tokens.
    RETURNS (float): Probability of the least certain of these copies, which is that of the token before
        which an entity is likeliest.
    """
    copied = case.llm.copied if case.llm is not None else ()
    return min(copied[n] for n in tokens) if copied else UNKNOWN


def _logprob(case: Case, disagreement: Disagreement, mentions: Sequence[Mention]) -> float:
    tokens = [tokens_of(case.window, m.start, m.end) for m in mentions]
    spans = [(t.start, t.stop, m.label) for t, m in zip(tokens, mentions, strict=True)]
    return case.slm.logprob(disagreement.tokens, spans)


def _mean(probabilities: Iterable[float], case: Case, disagreement: Disagreement) -> float:
    found = list(probabilities)
    return fmean(found) if found else copying(case, disagreement.tokens)
