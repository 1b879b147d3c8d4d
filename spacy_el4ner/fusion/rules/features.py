"""The features of the learned rule: few numbers, each of which means something alone."""

import math
from collections.abc import Sequence
from statistics import fmean

from spacy_el4ner.calibration.logistic import log_odds
from spacy_el4ner.fusion.cases import Case
from spacy_el4ner.fusion.disagreements import CATEGORY, Disagreement
from spacy_el4ner.fusion.evidence import (
    boundary,
    category,
    entropy,
    least_copied,
    preference,
    slm_probability,
)
from spacy_el4ner.retrieval.lexicon import Seen
from spacy_el4ner.types import Mention


def features(case: Case, disagreement: Disagreement) -> dict[str, float]:
    """case (Case): Both readings of the window, and how the labelled sentences have the mentions.
    disagreement (Disagreement): One of the case's disagreements.
    RETURNS (dict[str, float]): Feature -> value. Probabilities are log-odds, because those of both
        models crowd near 1.
    """
    d = disagreement
    slm, llm = d.slm, [m.mention for m in d.llm]
    return {
        "entropy": entropy(case, d.tokens),
        "preference": preference(case, d),
        "slm": log_odds(slm_probability(case, d)),
        "category": log_odds(category(case, d)) if llm else 0.0,
        "boundary": log_odds(boundary(case, d)) if llm else 0.0,
        "copied": 0.0 if llm else log_odds(least_copied(case, d.tokens)),
        "same_spans": float(d.kind == CATEGORY),
        "same_labels": float({m.label for m in slm} == {m.label for m in llm}),
        "only_slm": float(not llm),
        "only_llm": float(not slm),
        "length": math.log(len(d.tokens)),
        "seen_slm": _seen(case, slm),
        "seen_llm": _seen(case, llm),
        "new_slm": _new(case, slm),
        "new_llm": _new(case, llm),
        **dict.fromkeys(sorted(label_features(d)), 1.0),  # a set has another order in every process
    }


def label_features(disagreement: Disagreement) -> set[str]:
    """disagreement (Disagreement): A disagreement.
    RETURNS (set[str]): The features that say which labels are on either side.
    """
    d = disagreement
    return {f"slm:{m.label}" for m in d.slm} | {f"llm:{m.mention.label}" for m in d.llm}


def _seen(case: Case, mentions: Sequence[Mention]) -> float:
    """Mean log-odds with which the mentions' words have these labels in the labelled sentences."""
    return fmean(case.seen.get(m, Seen()).log_odds for m in mentions) if mentions else 0.0


def _new(case: Case, mentions: Sequence[Mention]) -> float:
    """1 if one of them has its label in none of the labelled sentences, else 0."""
    return float(any(not case.seen.get(m, Seen()).labelled for m in mentions))
