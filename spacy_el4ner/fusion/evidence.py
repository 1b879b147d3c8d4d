"""How sure each model is of its side of a disagreement."""

import math
from collections.abc import Iterable, Sequence
from statistics import fmean

import numpy as np

from spacy_el4ner.fusion.disagreements import CATEGORY, Disagreement, tokens_of
from spacy_el4ner.fusion.readings import Case
from spacy_el4ner.types import Mention

UNKNOWN = 0.5
"""Stands for a probability that nobody gave: neither for nor against."""

FARTHEST = 20.0
"""Nats; a side that is likelier by more than this is no surer."""


def entropy(case: Case, tokens: range, temperature: float = 1.0) -> float:
    """RETURNS (float): Mean entropy of the tagger over some tokens of the window, in nats."""
    return float(case.slm.entropies(temperature)[tokens.start : tokens.stop].mean())


def slm_probability(case: Case, disagreement: Disagreement) -> float:
    """RETURNS (float): Mean probability of the tagger's mentions; where it has none, that of its best
    tags, which say "no entity".
    """
    if disagreement.slm:
        return fmean(disagreement.probabilities)
    tokens = disagreement.tokens
    best = case.slm.logprobs[tokens.start : tokens.stop].max(axis=-1)
    return float(np.exp(best.astype(np.float64)).mean())


def preference(case: Case, disagreement: Disagreement) -> float:
    """How much likelier the tagger finds its own side than the language model's: an uncertain tagger
    may be in two minds between these very sides, or between others.

    RETURNS (float): Difference of the log-probabilities of the tags of both sides, in nats, within
        `FARTHEST` of 0.
    """
    own = _logprob(case, disagreement, disagreement.slm)
    other = _logprob(case, disagreement, [m.mention for m in disagreement.llm])
    return min(max(own - other, -FARTHEST), FARTHEST) if own != other else 0.0


def llm_probability(case: Case, disagreement: Disagreement) -> float:
    """P(LLM) of Xu et al. 2025, equation 3.

    RETURNS (float): Where the models disagree about the category, the category probability of the
        language model's mention; else the mean boundary probability of its mentions or, where it has
        none, of "no entity" (ours; the paper leaves that open).
    """
    pick = category if disagreement.kind == CATEGORY else boundary
    return pick(case, disagreement)


def category(case: Case, disagreement: Disagreement) -> float:
    """RETURNS (float): Mean category probability of the language model, or that of "no entity"."""
    return _mean((m.category for m in disagreement.llm), case, disagreement)


def boundary(case: Case, disagreement: Disagreement) -> float:
    """RETURNS (float): Mean boundary probability of the language model, or that of "no entity"."""
    return _mean((m.boundary for m in disagreement.llm), case, disagreement)


def greatest_entropy(case: Case) -> float:
    """RETURNS (float): Of a tagger that knows nothing: ln(number of its tags), in nats."""
    return math.log(max(case.slm.logprobs.shape[-1], 2))


def copying(case: Case, tokens: range) -> float:
    """RETURNS (float): Mean probability with which the language model copied some tokens."""
    copied = case.llm.copied if case.llm is not None else ()
    return fmean([copied[n] for n in tokens]) if copied else UNKNOWN


def least_copied(case: Case, tokens: range) -> float:
    """RETURNS (float): The probability of the least certain of these copies: that of the token before
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
