"""What the rule "learned" sees of a disagreement: few numbers, each of which means something alone."""

import math

from spacy_el4ner.fusion.disagreements import CATEGORY, Disagreement
from spacy_el4ner.fusion.evidence import (
    boundary,
    category,
    entropy,
    least_copied,
    preference,
    slm_probability,
)
from spacy_el4ner.fusion.logistic import log_odds
from spacy_el4ner.fusion.readings import Case


def features(case: Case, disagreement: Disagreement) -> dict[str, float]:
    """case (Case), disagreement (Disagreement): What the models say.
    RETURNS (dict[str, float]): Feature -> value. Probabilities are given as log-odds, because those of
        both models crowd near 1.
    """
    d = disagreement
    slm, llm = [m.label for m in d.slm], [m.mention.label for m in d.llm]
    return {
        "entropy": entropy(case, d.tokens),
        "preference": preference(case, d),
        "slm": log_odds(slm_probability(case, d)),
        "category": log_odds(category(case, d)) if llm else 0.0,
        "boundary": log_odds(boundary(case, d)) if llm else 0.0,
        "copied": 0.0 if llm else log_odds(least_copied(case, d.tokens)),
        "same_spans": float(d.kind == CATEGORY),
        "same_labels": float(set(slm) == set(llm)),
        "only_slm": float(not llm),
        "only_llm": float(not slm),
        "length": math.log(len(d.tokens)),
        **{f"slm:{label}": 1.0 for label in slm},
        **{f"llm:{label}": 1.0 for label in llm},
    }
