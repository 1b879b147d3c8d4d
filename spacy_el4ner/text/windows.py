"""A document cut at sentences into windows, and windows cut again where a context is too small."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from functools import lru_cache

from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Span, Token

from spacy_el4ner.languages import find_language
from spacy_el4ner.types import Mention, Window

WORDS = 20
"""Words of a usual sentence. A budget of sentences is also one of so many words for each."""
SENTENCE_ENDS = "".join(Sentencizer.default_punct_chars) + "…"
"""The marks of all scripts, for languages that name none."""
_CLOSING = frozenset("\"'”’」』)]）")
_STRAIGHT = frozenset("\"'")


def cut(doc: Doc, max_sentences: int, document: int = 0) -> list[Window]:
    """doc (Doc): The document. Its own sentence boundaries are used where it has them.
    max_sentences (int): Sentences that one window may hold.
    document (int): Its index in the batch.
    RETURNS (list[Window]): Windows in order; together they hold every token that can be seen.
    """
    kept = [s for s in sentences(doc) if any(map(visible, s))]
    groups = [kept[n : n + max_sentences] for n in range(0, len(kept), max_sentences)]
    return [window(doc[group[0].start : group[-1].end], document) for group in groups]


def window(span: Span, document: int = 0) -> Window:
    """span (Span): A span of a document, with at least one visible token.
    document (int): Index of the document in the batch.
    RETURNS (Window): The window of the span, without the invisible tokens at its edges.
    """
    tokens = [t for t in span if visible(t)]
    start = tokens[0].idx
    # Not a slice of the document's text, which spaCy composes on each access.
    text = span.doc[tokens[0].i : tokens[-1].i + 1].text
    return Window(
        text=text,
        start=start,
        tokens=tuple((t.idx - start, t.idx - start + len(t)) for t in tokens),
        document=document,
    )


def visible(token: Token) -> bool:
    """token (Token): A token.
    RETURNS (bool): Whether it has any character that can be seen. Mere white space, control and format
        characters and lone accents are nothing to some tokenizers, so that a model could not tell
        where among them a mention begins.
    """
    if token.is_space:
        return False
    return token.is_alpha or not all(
        c == "\ufffd" or unicodedata.category(c)[0] in "CZ" or unicodedata.category(c) == "Mn"
        for c in token.text
    )


def split(whole: Window, fits: Callable[[Window], bool]) -> list[Window]:
    """Cut a window until every part fits.

    whole (Window): The window.
    fits (Callable[[Window], bool]): Whether a part is small enough.
    RETURNS (list[Window]): The parts, in order; cut after a sentence where possible, else after a
        comma or the like, else between any two tokens, as near to the middle as may be. A part of
        one token is not cut further.
    """
    if len(whole.tokens) <= 1 or fits(whole):
        return [whole]
    at = _cut_at(whole)
    return [*split(_part(whole, 0, at), fits), *split(_part(whole, at, None), fits)]


def part_around(whole: Window, start: int, end: int, fits: Callable[[Window], bool]) -> Window:
    """whole (Window): The window.
    start (int): First character of a span of it.
    end (int): One past the last character of the span.
    fits (Callable[[Window], bool]): Whether a part is small enough.
    RETURNS (Window): A part around the span that fits, with the margins doubled as long as it does;
        the bare span at least.
    """
    first, last = _tokens_of(whole, start, end)
    best = _part(whole, first, last)
    for margin in _margins(len(whole.tokens)):
        wider = _part(whole, max(0, first - margin), last + margin)
        if not fits(wider):
            break
        best = wider
    return best


def mentions_in(whole: Window, part: Window, mentions: Iterable[Mention]) -> list[Mention]:
    """whole (Window): A window.
    part (Window): A part of it.
    mentions (Iterable[Mention]): Mentions, offsets in the whole window.
    RETURNS (list[Mention]): Those that lie in the part, offsets in the part.
    """
    by = part.start - whole.start
    return [
        Mention(m.start - by, m.end - by, m.label)
        for m in mentions
        if by <= m.start and m.end - by <= len(part.text)
    ]


def snap(whole: Window, start: int, end: int) -> tuple[int, int]:
    """whole (Window): The window.
    start (int): First character of a span of it.
    end (int): One past the last character.
    RETURNS (tuple[int, int]): The span widened to token boundaries.
    """
    first, last = _tokens_of(whole, start, end)
    return whole.tokens[first][0], whole.tokens[last - 1][1]


def _tokens_of(whole: Window, start: int, end: int) -> tuple[int, int]:
    """First token of a span, and one past its last."""
    first = next(n for n, (_, e) in enumerate(whole.tokens) if e > start)
    last = max(n for n, (s, _) in enumerate(whole.tokens) if s < end) + 1
    return first, max(first + 1, last)


def _margins(limit: int) -> Iterator[int]:
    margin = 1
    while margin < 2 * limit:
        yield margin
        margin *= 2


def _part(whole: Window, first: int, last: int | None) -> Window:
    tokens = whole.tokens[first:last]
    base, end = tokens[0][0], tokens[-1][1]
    return Window(
        text=whole.text[base:end],
        start=whole.start + base,
        tokens=tuple((s - base, e - base) for s, e in tokens),
        document=whole.document,
    )


def _cut_at(whole: Window) -> int:
    """The token before which to cut."""
    words = [whole.text[s:e] for s, e in whole.tokens]
    middle = len(words) / 2
    for is_place in (_sentence_end().match, lambda w: w in ",;:—–、，；：", lambda w: True):
        places = [n for n in range(1, len(words)) if is_place(words[n - 1])]
        if places:
            return min(places, key=lambda n: abs(n - middle))
    raise AssertionError("every token is a place to cut")  # pragma: no cover


def sentences(doc: Doc) -> list[Span]:
    """doc (Doc): A document.
    RETURNS (list[Span]): Its sentences, which together cover it: those that are marked, or else those
        that punctuation ends.
    """
    if doc.has_annotation("SENT_START"):
        return list(doc.sents)
    cased = any(map(str.isupper, doc.text))
    ends = _sentence_end(find_language(doc.lang_).sentence_ends)
    spans, start, ended = [], 0, False
    for token in doc:
        ended = bool(ends.match(token.text)) or (ended and token.text in _CLOSING)
        breaks = token.is_space and token.text.count("\n") > 1
        last = token.i + 1 == len(doc)
        if last or breaks or (ended and not _goes_on(doc[token.i + 1], cased, ends)):
            spans.append(doc[start : token.i + 1])
            start, ended = token.i + 1, False
    return spans


@lru_cache(maxsize=64)
def _sentence_end(marks: str = "") -> re.Pattern[str]:
    """Tokens that end a sentence: marks, and closing brackets or quotes after them."""
    return re.compile(rf"^[{re.escape(marks or SENTENCE_ENDS)}]+[\"'”’」』)\]）]*$")


def _goes_on(token: Token, cased: bool, ends: re.Pattern[str]) -> bool:
    """Whether a sentence continues with this token after an apparent end: with another end ("?!"), a
    closing mark (a straight quote that follows only white space opens), within a number or initials
    ("3.5", "J.K."), or in lower case ("Yahoo! did"), which means nothing in a text without capitals.
    """
    if cased and token.text[0].islower():
        return True
    before = token.nbor(-1)
    if not before.whitespace_ and (ends.match(token.text) or _is_within(before, token)):
        return True
    opens = bool(before.whitespace_) and not token.whitespace_
    return token.text in _CLOSING and not (token.text in _STRAIGHT and opens)


def _is_within(stop: Token, after: Token) -> bool:
    """Whether a full stop that is set off from nothing belongs to a number or to initials."""
    if stop.text != "." or not stop.i:
        return False
    initial = stop.nbor(-1).text
    return bool(re.match("[0-9A-Za-z]", after.text) or re.fullmatch("[A-Z]", initial))
