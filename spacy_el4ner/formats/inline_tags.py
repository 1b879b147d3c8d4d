"""Inline tags: the answer is the sentence itself with its mentions tagged.

<e>Ann</e> left <e>Paris</e>.                  untyped: one tag for all mentions
[Ann] left [Paris].                            untyped, in brackets: what base models know best
<PERSON>Ann</PERSON> left <GPE>Paris</GPE>.    typed: a tag a label
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, count
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.formats.base import Format, Parsed, ParsedMention
from spacy_el4ner.text.alignment import align_plain, squeezed
from spacy_el4ner.types import Grammar, Mention, Piece, Window

UNTYPED = ("e", "ent", "span", "entity")
"""Names for the untyped tag. The first whose tags the text does not contain is taken; x1, x2 and so on
come after them.
"""
BRACKETS = (("[", "]"), ("{", "}"), ("\u27e6", "\u27e7"), ("\u3010", "\u3011"))
"""The brackets of untyped mentions. The first pair of which the text contains neither character is
taken; if there is none, tags are.
"""


@dataclass(frozen=True)
class _TagState:
    piece: int
    label: str | None = None
    opened: bool = False
    length: int = 0


class InlineTags(Format):
    """Renders, constrains and parses tagged copies of a text.

    labels (Sequence[str]): The labels to tag; none for untyped tags.
    max_tokens (int): The longest mention, in tokens of the document.
    brackets (bool): Mark untyped mentions with brackets instead of tags.
    RAISES (EL4NERValueError): EL286, brackets are to mark labels.
    """

    name = "inline_tags"

    def __init__(self, labels: Sequence[str] = (), max_tokens: int = 16, brackets: bool = False):
        if labels and brackets:
            raise EL4NERValueError(Errors.EL286)
        self.labels = tuple(labels)
        self.max_tokens = max_tokens
        self.brackets = brackets

    def tags(self, text: str) -> dict[str, tuple[str, str]]:
        """text (str): The text to be tagged.
        RETURNS (dict[str, tuple[str, str]]): Label -> its opening and closing tag, neither of which
            occurs in the text; "" is the untyped label.
        """
        if not self.labels:
            tags = chain(UNTYPED, (f"x{n}" for n in count(1)))
            free = _free_brackets(text) if self.brackets else None
            return {"": free or _free_tags(tags, text)}
        return {label: _free_tags(self._names(label), text) for label in self.labels}

    def instruction(self, window: Window) -> str:
        """window (Window): The text that is asked about.
        RETURNS (str): A request for a copy with untyped tags.
        """
        opening, closing = self.marks(window)[0]
        return f"Copy this sentence exactly and put {opening} and {closing} around every named entity."

    def values(self, window: Window) -> dict[str, Any]:
        """window (Window): The text that is asked about.
        RETURNS (dict[str, Any]): The tags as `opening` and `closing`; those of the first label where
            there are labels.
        """
        opening, closing = self.marks(window)[0]
        return {"opening": opening, "closing": closing}

    def marks(self, window: Window) -> list[tuple[str, str]]:
        """window (Window): The text that is asked about.
        RETURNS (list[tuple[str, str]]): The opening and closing tag of each label.
        """
        return list(self.tags(window.text).values())

    def path(self, window: Window, mentions: Iterable[Mention]) -> list[str]:
        """window (Window): The text.
        mentions (Iterable[Mention]): Its mentions, at token boundaries and without overlap.
        RETURNS (list[str]): The tagged copy, as options of the grammar.
        """
        tags = self.tags(window.text)
        starts = {m.start: m for m in mentions}
        segments: list[str] = []
        current: Mention | None = None
        for (space, token), (start, end) in zip(window.pieces, window.tokens, strict=True):
            if current is None and start in starts:
                current = starts[start]
                segments.append(space + tags[self._key(current)][0])
                segments.append(token)
            else:
                segments.append(space + token)
            if current is not None and end >= current.end:
                segments.append(tags[self._key(current)][1])
                current = None
        return segments

    def grammar(self, window: Window) -> "TagGrammar":
        """window (Window): The text to be copied and tagged.
        RETURNS (TagGrammar): Its tagged copies.
        """
        tags = tuple(self.tags(window.text).items())
        return TagGrammar(tuple(window.pieces), tags, self.max_tokens)

    def parse(self, text: str, window: Window) -> Parsed:
        """Read an answer back.

        A tagged copy, as the grammar forces it, is read exactly. Free text, as a server may send it,
        is aligned to the window. Mentions that cannot be aligned are counted, and so is an answer that
        neither copies nor tags anything, such as a refusal.

        text (str): The answer.
        window (Window): The text that was to be tagged.
        RETURNS (Parsed): Mentions with offsets in the window.
        """
        tags = self.tags(window.text)
        plain, mentions, broken = _strip_tags(text, tags)
        mentions = [m for m in mentions if plain[m.start : m.end].strip()]  # white space is no mention
        if plain == window.text:
            return Parsed(tuple(mentions), unparsed=broken)
        if not mentions and not broken:
            return Parsed((), unparsed=int(squeezed(plain) != squeezed(window.text)))
        aligned = align_plain(plain, window.text, [_trimmed(plain, m.start, m.end) for m in mentions])
        kept = tuple(
            ParsedMention(span[0], span[1], m.label, m.evidence)
            for m, span in zip(mentions, aligned, strict=True)
            if span is not None
        )
        return Parsed(kept, unaligned=len(mentions) - len(kept), unparsed=broken)

    def _names(self, label: str) -> Iterable[str]:
        """Names for the tag of a label, never that of another one."""
        numbered = (f"{label}_{n}" for n in count(2))
        return chain([label], (name for name in numbered if name not in self.labels))

    def _key(self, mention: Mention) -> str:
        return mention.label if self.labels else ""


@dataclass(frozen=True)
class TagGrammar(Grammar):
    """Copies of pieces in order, in which a tag may open before each piece and close after each.

    pieces (tuple[Piece, ...]): The text.
    tags (tuple[tuple[str, tuple[str, str]], ...]): Label -> opening and closing tag.
    max_tokens (int | None): The longest mention, in pieces; None for no limit.
    """

    pieces: tuple[Piece, ...]
    tags: tuple[tuple[str, tuple[str, str]], ...]
    max_tokens: int | None

    @property
    def simpler(self) -> "TagGrammar | None":
        """RETURNS (TagGrammar | None): The copies with mentions of any length: the states of a mention
        need not count its pieces.
        """
        return None if self.max_tokens is None else replace(self, max_tokens=None)

    def start(self) -> _TagState:
        """RETURNS (_TagState): The state before the first piece."""
        return _TagState(0)

    def longest(self, count: Callable[[str], int]) -> int:
        """count (Callable[[str], int]): Counts the tokens of a text.
        RETURNS (int): Tokens of the copy with a tag around every piece.
        """
        copy = sum(count(space + token) for space, token in self.pieces)
        tags = max(count(opening) + count(closing) for _, (opening, closing) in self.tags)
        return copy + len(self.pieces) * tags

    def decision(self, state: _TagState) -> str:
        """state (_TagState): A state.
        RETURNS (str): "open" outside of a mention, "close" inside.
        """
        return "open" if state.label is None else "close"

    def options(self, state: _TagState) -> list[tuple[str, _TagState]]:
        """state (_TagState): A state.
        RETURNS (list[tuple[str, _TagState]]): The next piece, and the tags that may stand before it.
        """
        at = state.piece
        more = at < len(self.pieces)
        space, token = self.pieces[at] if more else ("", "")
        if state.label is None:
            if not more:
                return []
            copy = (space + token, _TagState(at + 1))
            opens = [(space + tag[0], _TagState(at, key, True)) for key, tag in self.tags]
            return [copy, *opens]
        if state.opened:
            return [(token, _TagState(at + 1, state.label, False, 1))]
        closing = (dict(self.tags)[state.label][1], _TagState(at))
        if not more or (self.max_tokens is not None and state.length >= self.max_tokens):
            return [closing]
        length = 1 if self.max_tokens is None else state.length + 1
        longer = _TagState(at + 1, state.label, False, length)
        return [(space + token, longer), closing]


def _free_tags(names: Iterable[str], text: str) -> tuple[str, str]:
    lowered = text.lower()
    pairs = ((f"<{name}>", f"</{name}>") for name in names)
    return next(pair for pair in pairs if not any(tag.lower() in lowered for tag in pair))


def _free_brackets(text: str) -> tuple[str, str] | None:
    return next(((a, b) for a, b in BRACKETS if a not in text and b not in text), None)


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the white space at its edges."""
    surface = text[start:end]
    return end - len(surface.lstrip()), start + len(surface.rstrip())


def _strip_tags(text: str, tags: dict[str, tuple[str, str]]) -> tuple[str, list[ParsedMention], int]:
    """The text without its tags, its mentions there, and the number of tags without a partner."""
    by_tag = {tag: (label, side) for label, pair in tags.items() for side, tag in enumerate(pair)}
    plain: list[str] = []
    mentions: list[ParsedMention] = []
    opened: tuple[str, int, tuple[int, int]] | None = None
    at = length = broken = 0
    while at < len(text):
        tag = next((t for t in by_tag if text.startswith(t, at)), None)
        if tag is None:
            plain.append(text[at])
            length += 1
            at += 1
            continue
        label, side = by_tag[tag]
        place = (at, at + len(tag))
        if side == 0:
            broken += opened is not None
            opened = (label, length, place)
        elif opened is not None and opened[0] == label and opened[1] < length:
            mentions.append(ParsedMention(opened[1], length, label, (opened[2], place)))
            opened = None
        else:
            broken += 1
        at += len(tag)
    return "".join(plain), mentions, broken + (opened is not None)


def inline_tags_v1(max_tokens: int = 16, brackets: bool = False) -> InlineTags:
    """max_tokens (int): The longest mention, in tokens of the document.
    brackets (bool): Mark mentions with brackets instead of tags.
    RETURNS (InlineTags): The answer is the sentence with its mentions tagged.
    """
    return InlineTags(max_tokens=max_tokens, brackets=brackets)
