"""How sure a language model is of what it tagged, by the probabilities of single tokens."""

import math

from spacy_el4ner.formats.base import Parsed
from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.types import Answer, Mention, Window
from spacy_el4ner.windows import snap


def read_answer(answer: Answer, parsed: Parsed, window: Window) -> LLMReading:
    """answer (Answer): A tagged copy.
    parsed (Parsed): What was read from it.
    window (Window): What was copied.
    RETURNS (LLMReading): The mentions with their probabilities.
    """
    found: list[LLMMention] = []
    for m in sorted(parsed.mentions, key=lambda m: (m.start, m.end)):
        start, end = snap(window, m.start, m.end)
        if found and start < found[-1].mention.end:
            continue
        p = answer.probability(m.evidence)
        p = 1.0 if math.isnan(p) else p
        found.append(LLMMention(Mention(start, end, m.label), p, p))
    return LLMReading(tuple(found), (1.0,) * len(window.tokens))
