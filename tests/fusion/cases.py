"""Readings made by hand, and readings of every odd kind."""

from functools import lru_cache

import hypothesis.strategies as st
import numpy as np

from spacy_el4ner.calibration.logistic import Weights
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.fusion.rules.learned import LearnedRule
from spacy_el4ner.fusion.rules.llm import LLMRule
from spacy_el4ner.fusion.rules.paper import PaperRule
from spacy_el4ner.fusion.rules.scaled import ScaledRule
from spacy_el4ner.fusion.rules.slm import SLMRule
from spacy_el4ner.slm.reading import SLMReading
from spacy_el4ner.slm.tags import Scheme
from spacy_el4ner.types import Mention
from tests.strategies import make_window, separate_mentions

LABELS = ("NR", "NG")
SCHEME = Scheme((*LABELS, "NS"))
TAGS = len(SCHEME.tags)
"""So many that an entropy of 2.54 nats is possible, as in the paper's second example."""


@lru_cache
def row(entropy, tags=TAGS):
    """Log-probabilities of tags with the given entropy in nats: one tag, and the others all alike."""

    def distribution(top):
        return np.array([top, *[(1 - top) / (tags - 1)] * (tags - 1)])

    low, high = 1 / tags, 1 - 1e-12
    for _ in range(100):
        middle = (low + high) / 2
        p = distribution(middle)
        low, high = (middle, high) if -(p * np.log(p)).sum() > entropy else (low, middle)
    return np.log(distribution(low)).astype(np.float32)


def slm(entropies, *mentions, p=0.9):
    """A tagger's reading with an entropy a token."""
    found = tuple(Mention(*m) for m in mentions)
    return SLMReading(found, (p,) * len(found), np.stack([row(e) for e in entropies]), SCHEME)


def llm(tokens, *mentions, p=0.9, copied=0.9):
    """A language model's reading; a mention may bring probabilities of its own."""
    found = tuple(LLMMention(Mention(*m[:3]), *(m[3:] or (p, p))) for m in mentions)
    return LLMReading(found, (copied,) * tokens)


def make_case(window, entropies, slm_mentions, llm_mentions, gold=(), **how):
    return Case(
        window,
        slm(entropies, *slm_mentions),
        llm(len(window.tokens), *llm_mentions, **how),
        tuple(Mention(*m) for m in gold),
    )


ENTROPIES = (0.01, 0.1, 0.4, 0.9, 1.1, 2.0, 2.5)
probabilities = st.floats(0, 1)


@st.composite
def any_cases(draw):
    """Two readings and gold entities of one window."""
    window = make_window(*"abcdefg"[: draw(st.integers(1, 7))], gap=draw(st.sampled_from(["", " "])))
    n = len(window.tokens)
    slm_mentions, llm_mentions, gold = (draw(separate_mentions(window, LABELS)) for _ in range(3))
    entropies = draw(st.lists(st.sampled_from(ENTROPIES), min_size=n, max_size=n))
    rows = np.stack([row(e) for e in entropies])
    sure = draw(st.lists(probabilities, min_size=len(slm_mentions), max_size=len(slm_mentions)))
    entities = tuple(LLMMention(m, draw(probabilities), draw(probabilities)) for m in llm_mentions)
    copied = tuple(draw(st.lists(probabilities, min_size=n, max_size=n)))
    reading = SLMReading(tuple(slm_mentions), tuple(sure), rows, SCHEME)
    return Case(window, reading, LLMReading(entities, copied), tuple(gold))


RULES = {rule.name: rule for rule in (PaperRule, ScaledRule, LearnedRule, SLMRule, LLMRule)}
WEIGHTS = Weights(
    0.1,
    {"entropy": -1.0, "boundary": -0.5, "same_spans": 0.3}
    | {f"{side}:{label}": 0.2 for side in ("slm", "llm") for label in (*LABELS, "NS", "NB")},
)


def make_rule(name, lam=None):
    """One of the package's rules, fitted somehow; with this λ where it has one."""
    if name == "learned":
        return LearnedRule(WEIGHTS)
    return RULES[name](lam=lam) if lam is not None and name in ("paper", "scaled") else RULES[name]()


def mentions(fused):
    return [Mention(m.start, m.end, m.label) for m in fused.entities]
