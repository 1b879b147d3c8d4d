"""How much a span of the input counts in SpanSim: by its part of speech.

The paper's values, known to us at second hand: proper noun 4, noun 2, pronoun 1, anything else 0.
Which token decides is our choice: the syntactic head where there is a parse, else the token with the
highest weight. Without a tagger the shape of the words stands in, and where that says nothing, as in
scripts without capitals, all spans weigh the same.
"""

from collections.abc import Mapping

from spacy.tokens import Doc, Span, Token

POS_WEIGHTS: dict[str, float] = {"PROPN": 4.0, "NOUN": 2.0, "PRON": 1.0}
UNIFORM = 1.0
# fmt: off
_PRONOUNS = frozenset((
    "i", "me", "you", "he", "him", "she", "her", "it", "we", "us", "they", "them", "mine",
    "yours", "his", "hers", "ours", "theirs", "myself", "yourself", "himself", "herself",
    "itself", "ourselves", "themselves", "who", "whom", "this", "that", "these", "those",
))
# fmt: on


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
    """The tagger's word, or a guess from the shape of the token."""
    if token.doc.has_annotation("POS"):
        return token.pos_
    if token.lower_ in _PRONOUNS:
        return "PRON"
    if any(c.isupper() or c.isdigit() for c in token.text):
        return "PROPN"
    return "NOUN" if token.is_alpha and not token.is_stop else "X"
