"""Validity of answers: whether an answer is in the language of its format.

In doubt the judgement favours free generation: an answer counts as well-formed if its tokens
are those that the grammar allows, or if its characters, white space aside, are those of the answer that
says the same.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.evaluation.bench.sentences import Sentence
from spacy_el4ner.formats.base import Format, Parsed
from spacy_el4ner.types import Mention, Window


@dataclass(frozen=True)
class Judgement:
    """The validity of an answer.

    malformed (bool): Whether the answer is not in the language of the format.
    outside (int): Mentions in the answer that are not in the text.
    """

    malformed: bool
    outside: int


def judge_text(text: str, window: Window, format: Format) -> Judgement:
    """text (str): The answer.
    window (Window): The text that it is about.
    format (Format): The format of the answer.
    RETURNS (Judgement): Its validity: whether the format renders the same mentions as this answer.
    """
    return _judgement(text, format.parse(text, window), window, format, str)


def judge_tokens(
    ids: Sequence[int], sentence: Sentence, format: Format, tokens: PieceTokenizer
) -> Judgement:
    """ids (Sequence[int]): The tokens of a freely generated answer, without the end token.
    sentence (Sentence): The sentence that it is about.
    format (Format): The format of the answer.
    tokens (PieceTokenizer): The tokenizer of the model.
    RETURNS (Judgement): Its validity; white space that the tokenizer loses does not count.
    """
    if _allowed(ids, sentence.window, format, tokens):
        return Judgement(False, 0)

    def plain(text: str) -> str:
        return "".join(tokens.tokenizer.decode(tokens.piece(text), skip_special_tokens=True).split())

    text = _text(ids, sentence, format, tokens)
    return _judgement(text, format.parse(text, sentence.window), sentence.window, format, plain)


def parse_tokens(
    ids: Sequence[int], sentence: Sentence, format: Format, tokens: PieceTokenizer
) -> Parsed:
    """ids (Sequence[int]): The tokens of a freely generated answer, without the end token.
    sentence (Sentence): The sentence that it is about.
    format (Format): The format of the answer.
    tokens (PieceTokenizer): The tokenizer of the model.
    RETURNS (Parsed): The mentions in the answer.
    """
    return format.parse(_text(ids, sentence, format, tokens), sentence.window)


def _judgement(
    text: str, parsed: Parsed, window: Window, format: Format, plain: Callable[[str], str]
) -> Judgement:
    edges = ({start for start, _ in window.tokens}, {end for _, end in window.tokens})
    mentions = [Mention(m.start, m.end, m.label) for m in parsed.mentions]
    broken = (
        bool(parsed.unparsed or parsed.unaligned)
        or any(m.start not in edges[0] or m.end not in edges[1] for m in mentions)
        or plain(format.render(window, mentions)) != plain(text)
    )
    return Judgement(broken, parsed.unaligned)


def _allowed(ids: Sequence[int], window: Window, format: Format, tokens: PieceTokenizer) -> bool:
    place = TokenAutomaton(format.grammar(window), tokens.piece, tokens.end)
    for token in ids:
        if token not in place.allowed:
            return False
        place = place.step(token)
    return not place.allowed or tokens.end in place.allowed


def _text(ids: Sequence[int], sentence: Sentence, format: Format, tokens: PieceTokenizer) -> str:
    decoded = tokens.tokenizer.decode(ids, skip_special_tokens=True)
    return _tight(decoded.strip(), sentence, format)


def _tight(text: str, sentence: Sentence, format: Format) -> str:
    """The text without the white space that a word-piece tokenizer puts on the inner side of marks."""
    for opening, closing in format.marks(sentence.window):
        text = re.sub(rf"{re.escape(opening)}\s+", opening, text)
        text = re.sub(rf"\s+{re.escape(closing)}", closing, text)
    return text
