"""Output formats, one a file: how an answer is written, constrained and read."""

from spacy_el4ner.formats.choice import Choice
from spacy_el4ner.formats.inline_tags import InlineTags
from spacy_el4ner.formats.span_list import SpanList

__all__ = ["Choice", "InlineTags", "SpanList"]
