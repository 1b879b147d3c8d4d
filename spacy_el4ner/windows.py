"""A document cut at sentences into windows, and windows cut again where a context is too small."""

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator

from spacy.pipeline import Sentencizer
from spacy.tokens import Doc, Span, Token

from spacy_el4ner.types import Mention, Window

WORDS = 20
"""Words of a usual sentence. A budget of sentences is also one of so many words for each."""
_MARKS = re.escape("".join(Sentencizer.default_punct_chars)) + "…"
_SENTENCE_END = re.compile(rf"^[{_MARKS}]+[\"'”’」』)\]）]*$")
_CLOSING = frozenset("\"'”’」』)]）")
_STRAIGHT = frozenset("\"'")


def cut(doc: Doc, max_sentences: int, document: int = 0) -> list[Window]:
    """doc (Doc): The document. Its own sentence boundaries are used where it has them.
    max_sentences (int): Sentences that one window may hold.
    document (int): Its index in the batch.
    RETURNS (list[Window]): Windows in order; together they hold every token that can be seen.
    """
    found = [s for s in sentences(doc) if any(map(visible, s))]
    return [
        window(doc[found[n].start : found[min(n + max_sentences, len(found)) - 1].end], document)
        for n in range(0, len(found), max_sentences)
    ]


def window(span: Span, document: int = 0) -> Window:
    """RETURNS (Window): The window of a span, what cannot be seen at its edges left out."""
    tokens = [t for t in span if visible(t)]
    start = tokens[0].idx
    # Not a slice of the document's text, which spaCy puts together anew each time.
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
    start (int), end (int): A span of it, offsets in the window.
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
    """RETURNS (tuple[int, int]): The span widened to token boundaries of its window."""
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
    for is_place in (_SENTENCE_END.match, lambda w: w in ",;:—–、，；：", lambda w: True):
        places = [n for n in range(1, len(words)) if is_place(words[n - 1])]
        if places:
            return min(places, key=lambda n: abs(n - middle))
    raise AssertionError("every token is a place to cut")  # pragma: no cover


def sentences(doc: Doc) -> list[Span]:
    """RETURNS (list[Span]): The sentences of a document, which together are all of it: those that are
    marked, or else what punctuation ends.
    """
    if doc.has_annotation("SENT_START"):
        return list(doc.sents)
    cased = any(map(str.isupper, doc.text))
    spans, start, ended = [], 0, False
    for token in doc:
        ended = bool(_SENTENCE_END.match(token.text)) or (ended and token.text in _CLOSING)
        breaks = token.is_space and token.text.count("\n") > 1
        last = token.i + 1 == len(doc)
        if last or breaks or (ended and not _goes_on(doc[token.i + 1], cased)):
            spans.append(doc[start : token.i + 1])
            start, ended = token.i + 1, False
    return spans


def _goes_on(token: Token, cased: bool) -> bool:
    """Whether a sentence goes on with this token after what looked like its end: with a closing mark (a
    straight quote that only has white space before it opens) or in lower case ("Yahoo! did"), which
    says nothing where the document has no capitals.
    """
    if cased and token.text[0].islower():
        return True
    opens = bool(token.nbor(-1).whitespace_) and not token.whitespace_
    return token.text in _CLOSING and not (token.text in _STRAIGHT and opens)
