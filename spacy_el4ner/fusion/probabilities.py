"""How likely a language model found the entities that it tagged."""

from spacy_el4ner.formats.base import Parsed
from spacy_el4ner.fusion.readings import LLMReading
from spacy_el4ner.types import Answer, Window


def read_answer(answer: Answer, parsed: Parsed, window: Window) -> LLMReading:
    """answer (Answer): What the model said, in the format of inline tags.
    parsed (Parsed): What that format reads in it.
    window (Window): What was to be tagged.
    RETURNS (LLMReading): Its entities and how likely they are.
    """
    raise NotImplementedError
