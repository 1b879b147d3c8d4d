"""Span list: the answer names the mentions, in the order of the text.

    Ann ; Paris             every surface as it stands in the text
    bill #2                 the second of several occurrences of the same surface
    none                    no mention

The separator and the number sign are replaced by others where the text itself contains them. The white
space around them is written as above, and read whatever it is.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import chain, count
from typing import Any

from spacy_el4ner.formats.base import Format, Parsed, ParsedMention
from spacy_el4ner.text.alignment import loose_occurrences, occurrences, squeezed
from spacy_el4ner.types import Grammar, Mention, Window

NONE = "none"
SEPARATORS = (" ; ", " | ", " / ", " || ", " /// ")
NUMBER_SIGNS = (" #", " @", " ~", " ^", " ##")


NOWHERE = (-1, -1)
"""The place before every mention."""


@dataclass(frozen=True)
class _ListState:
    kind: str
    after: tuple[int, int] = NOWHERE
    starts: tuple[int, ...] = ()
    length: int = 0


class SpanList(Format):
    """Renders, constrains and parses lists of spans.

    max_tokens (int): The longest mention, in tokens of the document.
    """

    name = "span_list"

    def __init__(self, max_tokens: int = 16):
        self.max_tokens = max_tokens

    def instruction(self, window: Window) -> str:
        """window (Window): The text that is asked about.
        RETURNS (str): A request for a list.
        """
        return (
            "List the named entities of this sentence in their order, separated by "
            f'"{self.separator(window.text)}". If there are none, answer "{NONE}".'
        )

    def values(self, window: Window) -> dict[str, Any]:
        """window (Window): The text that is asked about.
        RETURNS (dict[str, Any]): What stands between two mentions, as `separator`.
        """
        return {"separator": self.separator(window.text)}

    def path(self, window: Window, mentions: Iterable[Mention]) -> list[str]:
        """window (Window): The text.
        mentions (Iterable[Mention]): Its mentions, at token boundaries.
        RETURNS (list[str]): The list, as options of the grammar.
        """
        grammar = SpanListGrammar(window, self.max_tokens)
        ordered = sorted({(m.start, m.end) for m in mentions})
        if not ordered:
            return [NONE, ""]
        segments: list[str] = []
        for n, (start, end) in enumerate(ordered):
            segments += [grammar.separator] if n else []
            segments += grammar.spell(start, end)
        return [*segments, ""]

    def grammar(self, window: Window) -> "SpanListGrammar":
        """window (Window): The text that is asked about.
        RETURNS (SpanListGrammar): The lists of its spans; equal for equal text and tokens, wherever the
            window stands in its document.
        """
        return SpanListGrammar(replace(window, start=0, document=0), self.max_tokens)

    @staticmethod
    def separator(text: str) -> str:
        """text (str): The text that is asked about.
        RETURNS (str): The separator of mentions; the text does not contain it.
        """
        return _absent(SEPARATORS, text)

    def parse(self, text: str, window: Window) -> Parsed:
        """Read a list back.

        text (str): The answer.
        window (Window): The text that was asked about.
        RETURNS (Parsed): Mentions with offsets in the window. Items that the window does not contain
            are counted as unaligned. A surface without a number means its first occurrence after the
            mention before it.
        """
        mentions: list[ParsedMention] = []
        unaligned = at = 0
        grammar = SpanListGrammar(window, self.max_tokens)
        last = -1
        items = re.split(rf"(\s*{re.escape(grammar.separator.strip())}\s*)", text)
        for item, separator in zip(items[::2], [*items[1::2], grammar.separator], strict=True):
            # Up to the next item, so that the decision to end this one is evidence too.
            place = (at, at + len(item) + len(separator))
            at = place[1]
            surface = item.strip()
            if not surface or (surface == NONE and text.strip() == NONE):
                continue
            span = grammar.locate(surface, last)
            if span is None:
                unaligned += 1
                continue
            last = span[0]
            mentions.append(ParsedMention(span[0], span[1], "", (place,)))
        return Parsed(tuple(mentions), unaligned=unaligned)


@dataclass(frozen=True)
class SpanListGrammar(Grammar):
    """Every list of token-aligned spans of a window, in the order of the text, each at most once.

    window (Window): The text.
    max_tokens (int): The longest mention, in tokens of the document.
    nested (bool): Whether several mentions may begin at the same token.
    """

    window: Window
    max_tokens: int
    nested: bool = True

    @property
    def simpler(self) -> "SpanListGrammar | None":
        """RETURNS (SpanListGrammar | None): The lists in which each mention begins after the one before
        it: the states of a mention need not remember where that one ended.
        """
        return replace(self, nested=False) if self.nested else None

    @property
    def text(self) -> str:
        """RETURNS (str): The text of the window."""
        return self.window.text

    @property
    def tokens(self) -> tuple[tuple[int, int], ...]:
        """RETURNS (tuple[tuple[int, int], ...]): The offsets of its tokens."""
        return self.window.tokens

    @cached_property
    def separator(self) -> str:
        """RETURNS (str): The separator of mentions."""
        return SpanList.separator(self.text)

    @cached_property
    def number_sign(self) -> str:
        """RETURNS (str): The sign before the number of an occurrence."""
        return _absent(NUMBER_SIGNS, self.text)

    @cached_property
    def begin_at(self) -> dict[int, int]:
        """RETURNS (dict[int, int]): Offset -> the token that begins there."""
        return {start: n for n, (start, _) in enumerate(self.tokens)}

    @cached_property
    def end_at(self) -> dict[int, int]:
        """RETURNS (dict[int, int]): Offset -> the token that ends there."""
        return {end: n for n, (_, end) in enumerate(self.tokens)}

    def start(self) -> _ListState:
        """RETURNS (_ListState): The state before the first mention."""
        return _ListState("first")

    def longest(self, count: Callable[[str], int]) -> int:
        """count (Callable[[str], int]): Counts the tokens of a text.
        RETURNS (int): Tokens of the list of all tokens, each with a number.
        """
        n = len(self.tokens)
        return count(self.text) + n * count(f"{self.number_sign}{n}{self.separator}")

    def decision(self, state: _ListState) -> str:
        """state (_ListState): A state.
        RETURNS (str): "any" where the list begins or is left empty; "" elsewhere.
        """
        return "any" if state.kind == "first" else ""

    def options(self, state: _ListState) -> list[tuple[str, _ListState]]:
        """state (_ListState): A state.
        RETURNS (list[tuple[str, _ListState]]): The ways to begin, lengthen, number or end a mention.
        """
        if state.kind == "first":
            return [(NONE, _ListState("end")), *self._begin(state)]
        if state.kind == "item":
            return self._begin(state)
        if state.kind == "span":
            return [*self._longer(state), *self._number(state)]
        if state.kind == "done":
            more = [(self.separator, _ListState("item", state.after))] if self._begin(state) else []
            return [*more, ("", _ListState("over"))]
        return [("", _ListState("over"))] if state.kind == "end" else []

    def spell(self, start: int, end: int) -> list[str]:
        """start (int): First character of a span.
        end (int): One past its last character.
        RETURNS (list[str]): The options that name it.
        """
        first, last = self.begin_at[start], self.end_at[end]
        segments = [self.text[slice(*self.tokens[first])]]
        for n in range(first, last):
            segments.append(self.text[self.tokens[n][1] : self.tokens[n + 1][1]])
        places = self._occurrences(self.text[start:end])
        if not self._needs_number(start, end):
            return segments
        return [*segments, f"{self.number_sign}{places.index(start) + 1}"]

    def locate(self, item: str, last: int) -> tuple[int, int] | None:
        """item (str): An item of an answer.
        last (int): Where the mention before it began.
        RETURNS (tuple[int, int] | None): Offsets of the span that it names; None where there is none.
            Kind and amount of white space do not matter where the text lacks the item as written.
        """
        for find in (self._spans, self._loose_spans):
            if spans := find(item):
                return next((span for span in spans if span[0] > last), spans[0])
            surface, sign, number = item.rpartition(self.number_sign.strip())
            spans, number = find(surface.rstrip()), number.lstrip()
            if sign and number.isdecimal() and 1 <= int(number) <= len(spans):
                return spans[int(number) - 1]
        return None

    def _spans(self, surface: str) -> list[tuple[int, int]]:
        return [(start, start + len(surface)) for start in self._occurrences(surface)]

    def _loose_spans(self, surface: str) -> list[tuple[int, int]]:
        spans = loose_occurrences(self.text, surface)
        return [(start, end) for start, end in spans if start in self.begin_at and end in self.end_at]

    def _occurrences(self, surface: str) -> list[int]:
        """Where `surface` stands at token boundaries."""
        places = occurrences(self.text, surface)
        return [p for p in places if p in self.begin_at and p + len(surface) in self.end_at]

    def _needs_number(self, start: int, end: int) -> bool:
        surface = self.text[start:end]
        return surface == NONE or len(self._occurrences(surface)) > 1

    def _begin(self, state: _ListState) -> list[tuple[str, _ListState]]:
        after = state.after if self.nested else NOWHERE
        groups: dict[str, list[int]] = {}
        for n, (start, end) in enumerate(self.tokens):
            longest = self.tokens[min(n + self.max_tokens, len(self.tokens)) - 1][1]
            if (start, longest) > state.after:
                groups.setdefault(self.text[start:end], []).append(n)
        return [
            (surface, _ListState("span", after, tuple(starts), 1)) for surface, starts in groups.items()
        ]

    def _longer(self, state: _ListState) -> list[tuple[str, _ListState]]:
        if state.length >= self.max_tokens:
            return []
        groups: dict[str, list[int]] = {}
        for first in state.starts:
            last = first + state.length
            if last < len(self.tokens):
                more = self.text[self.tokens[last - 1][1] : self.tokens[last][1]]
                groups.setdefault(more, []).append(first)
        return [
            (more, _ListState("span", state.after, tuple(starts), state.length + 1))
            for more, starts in groups.items()
        ]

    def _number(self, state: _ListState) -> list[tuple[str, _ListState]]:
        """Ways to end the span: at once where its surface is unique, with its number otherwise."""
        first = state.starts[0]
        start = self.tokens[first][0]
        end = self.tokens[first + state.length - 1][1]
        places = self._occurrences(self.text[start:end])
        done = {p: (p, p + end - start if self.nested else len(self.text)) for p in places}
        spans = {p: _ListState("done", after) for p, after in done.items()}
        if not self._needs_number(start, end):
            return self.options(spans[start]) if (start, end) > state.after else []
        sign = self.number_sign
        return [
            (f"{sign}{n}", spans[p])
            for n, p in enumerate(places, 1)
            if (p, p + end - start) > state.after and self.begin_at[p] in state.starts
        ]


def _absent(choices: tuple[str, ...], text: str) -> str:
    """The first of `choices` that `text` does not contain, or else the last one lengthened until it
    does not. White space does not count: free answers have it around marks or not.
    """
    text = squeezed(text)
    last = choices[-1]
    longer = (last.replace(last[1], last[1] * n) for n in count(2))
    return next(c for c in chain(choices, longer) if c.strip() not in text)
