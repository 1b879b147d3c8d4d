"""Weights of the input's spans in SpanSim, by part of speech.

The values of the paper, known to us at second hand, are: proper noun 4, noun 2, pronoun 1, anything
else 0. Which token decides is our choice: the syntactic head where there is a parse, else the token
with the highest weight. Without a tagger the shape of the words stands in, and where that says nothing,
as in scripts without capitals, all spans weigh the same.
"""

from collections.abc import Mapping

from spacy.tokens import Doc, Span, Token

from spacy_el4ner.languages import find_language

POS_WEIGHTS: dict[str, float] = {"PROPN": 4.0, "NOUN": 2.0, "PRON": 1.0}
UNIFORM = 1.0


def span_weight(doc: Doc, start: int, end: int, weights: Mapping[str, float]) -> float:
    """doc (Doc): The document.
    start (int), end (int): Character offsets of the span, at token boundaries.
    weights (Mapping[str, float]): Universal part of speech -> weight; 0 where it is not listed.
    RETURNS (float): The weight of the span.
    """
    span = doc.char_span(start, end, alignment_mode="expand")
    if span is None:
        return UNIFORM
    if not doc.has_annotation("POS") and not any(c.isupper() or c.islower() for c in span.text):
        return UNIFORM
    return max(weights.get(_pos(token), 0.0) for token in _deciding(span))


def _deciding(span: Span) -> list[Token]:
    return [span.root] if span.doc.has_annotation("DEP") else list(span)


def _pos(token: Token) -> str:
    """The tagger's part of speech, or else the language's guess from the shape of the token."""
    if token.doc.has_annotation("POS"):
        return token.pos_
    return find_language(token.lang_).part_of_speech(token)
