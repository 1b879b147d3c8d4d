"""Inline tags: the answer is the sentence itself with its mentions tagged.

<e>Ann</e> left <e>Paris</e>.                  untyped: one tag for all mentions
<PERSON>Ann</PERSON> left <GPE>Paris</GPE>.    typed: a tag a label
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain, count

from spacy_el4ner.alignment import align_plain, squeezed
from spacy_el4ner.formats.base import Parsed, ParsedMention
from spacy_el4ner.types import Mention, Piece, Window

UNTYPED = ("e", "ent", "span", "entity")
"""Names for the untyped tag; the first whose tags the text itself does not contain is taken. After
them come x1, x2 and so on.
"""


@dataclass(frozen=True)
class _State:
    piece: int
    label: str | None = None
    opened: bool = False
    length: int = 0


class InlineTags:
    """Renders, constrains and parses tagged copies of a text.

    labels (Sequence[str]): The types to tag; none for untyped tags.
    max_tokens (int): The longest mention, in tokens of the document.
    """

    name = "inline_tags"

    def __init__(self, labels: Sequence[str] = (), max_tokens: int = 16):
        self.labels = tuple(labels)
        self.max_tokens = max_tokens

    def tags(self, text: str) -> dict[str, tuple[str, str]]:
        """text (str): The text to be tagged.
        RETURNS (dict[str, tuple[str, str]]): Label -> its opening and closing tag, neither of which
            occurs in the text; "" is the untyped label.
        """
        if not self.labels:
            return {"": _free_tags(chain(UNTYPED, (f"x{n}" for n in count(1))), text)}
        return {label: _free_tags(self._names(label), text) for label in self.labels}

    def path(self, window: Window, mentions: Iterable[Mention]) -> list[str]:
        """The rendered answer as the options that the grammar would take, one after another."""
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

    def render(self, window: Window, mentions: Iterable[Mention]) -> str:
        """window (Window): The text.
        mentions (Iterable[Mention]): Its mentions, at token boundaries and without overlap.
        RETURNS (str): The tagged copy.
        """
        return "".join(self.path(window, mentions))

    def grammar(self, window: Window) -> "TagGrammar":
        """RETURNS (TagGrammar): The continuations allowed while `window` is copied and tagged."""
        tags = tuple(self.tags(window.text).items())
        return TagGrammar(tuple(window.pieces), tags, self.max_tokens)

    def parse(self, text: str, window: Window) -> Parsed:
        """Read an answer back.

        A tagged copy, as the grammar forces it, is read exactly. Free text, as a server may send it,
        is aligned to the window; what cannot be aligned is counted, not dropped silently. So is an
        answer that is no copy and tags nothing, such as a refusal.

        text (str): The answer.
        window (Window): The text that was to be tagged.
        RETURNS (Parsed): Mentions with offsets in the window.
        """
        tags = self.tags(window.text)
        plain, found, broken = _strip_tags(text, tags)
        if plain == window.text:
            return Parsed(tuple(found), unparsed=broken)
        if not found and not broken:
            return Parsed((), unparsed=int(squeezed(plain) != squeezed(window.text)))
        aligned = align_plain(plain, window.text, [_trimmed(plain, m.start, m.end) for m in found])
        kept = tuple(
            ParsedMention(span[0], span[1], m.label, m.evidence)
            for m, span in zip(found, aligned, strict=True)
            if span is not None
        )
        return Parsed(kept, unaligned=len(found) - len(kept), unparsed=broken)

    def _names(self, label: str) -> Iterable[str]:
        """Names for the tag of a label, never that of another one."""
        numbered = (f"{label}_{n}" for n in count(2))
        return chain([label], (name for name in numbered if name not in self.labels))

    def _key(self, mention: Mention) -> str:
        return mention.label if self.labels else ""


@dataclass(frozen=True)
class TagGrammar:
    """Copies pieces in order; a tag may open before each and close after each.

    pieces (tuple[Piece, ...]): The text.
    tags (tuple[tuple[str, tuple[str, str]], ...]): Label -> opening and closing tag.
    max_tokens (int): The longest mention, in pieces.
    """

    pieces: tuple[Piece, ...]
    tags: tuple[tuple[str, tuple[str, str]], ...]
    max_tokens: int

    def start(self) -> _State:
        return _State(0)

    def options(self, state: _State) -> list[tuple[str, _State]]:
        at = state.piece
        more = at < len(self.pieces)
        space, token = self.pieces[at] if more else ("", "")
        if state.label is None:
            if not more:
                return []
            copy = (space + token, _State(at + 1))
            opens = [(space + tag[0], _State(at, key, True)) for key, tag in self.tags]
            return [copy, *opens]
        if state.opened:
            return [(token, _State(at + 1, state.label, False, 1))]
        closing = (dict(self.tags)[state.label][1], _State(at))
        if not more or state.length >= self.max_tokens:
            return [closing]
        longer = _State(at + 1, state.label, False, state.length + 1)
        return [(space + token, longer), closing]


def _free_tags(names: Iterable[str], text: str) -> tuple[str, str]:
    lowered = text.lower()
    pairs = ((f"<{name}>", f"</{name}>") for name in names)
    return next(pair for pair in pairs if not any(tag.lower() in lowered for tag in pair))


def _trimmed(text: str, start: int, end: int) -> tuple[int, int]:
    """A span without the white space at its edges."""
    surface = text[start:end]
    return end - len(surface.lstrip()), start + len(surface.rstrip())


def _strip_tags(text: str, tags: dict[str, tuple[str, str]]) -> tuple[str, list[ParsedMention], int]:
    """The text without its tags, its mentions there, and the number of tags without a partner."""
    by_tag = {tag: (label, side) for label, pair in tags.items() for side, tag in enumerate(pair)}
    plain: list[str] = []
    found: list[ParsedMention] = []
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
            found.append(ParsedMention(opened[1], length, label, (opened[2], place)))
            opened = None
        else:
            broken += 1
        at += len(tag)
    return "".join(plain), found, broken + (opened is not None)
