"""Answers that name spans by the numbers of their first and last token: `0-1; 3-3; ` or `none`."""

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from spacy_el4ner.api import Format, Grammar, Mention, Parsed, ParsedMention, Window

OVER = -1


class TokenRanges(Format):
    """Renders, constrains and parses lists of token ranges."""

    name = "token_ranges"

    def instruction(self, window: Window) -> str:
        """RETURNS (str): A request for token ranges."""
        return (
            "Name the first and last word of every named entity of this sentence by their numbers, "
            'counted from 0, as in "0-1; 3-3; ". If there are none, answer "none".'
        )

    def path(self, window: Window, mentions: Iterable[Mention]) -> list[str]:
        """RETURNS (list[str]): The answer that names the mentions, as options of the grammar."""
        starts = {start: n for n, (start, _) in enumerate(window.tokens)}
        ends = {end: n for n, (_, end) in enumerate(window.tokens)}
        ranges = sorted((starts[m.start], ends[m.end]) for m in mentions)
        parts = [part for first, last in ranges for part in (f"{first}-", f"{last}; ")]
        return [*parts, ""] if parts else ["none"]

    def grammar(self, window: Window) -> "RangeGrammar":
        """RETURNS (RangeGrammar): The answers allowed for a window."""
        return RangeGrammar(len(window.tokens))

    def parse(self, text: str, window: Window) -> Parsed:
        """RETURNS (Parsed): The mentions that an answer names; ranges outside the text are counted."""
        mentions, unaligned = [], 0
        for match in re.finditer(r"(\d+)-(\d+);", text):
            first, last = map(int, match.groups())
            if first <= last < len(window.tokens):
                start, end = window.tokens[first][0], window.tokens[last][1]
                mentions.append(ParsedMention(start, end, "", (match.span(),)))
            else:
                unaligned += 1
        return Parsed(tuple(mentions), unaligned)


@dataclass(frozen=True)
class RangeGrammar(Grammar):
    """Ranges in the order of the text, none of which overlap. A state is the first token that the next
    range may begin with, and the first token of a range that is open.
    """

    tokens: int

    def start(self) -> tuple[int, int | None]:
        """RETURNS (tuple[int, int | None]): The state before the answer."""
        return 0, None

    def options(self, state: tuple[int, int | None]) -> list[tuple[str, tuple[int, int | None]]]:
        """RETURNS (list): The strings that may come next, each with the state after it."""
        at, first = state
        if at == OVER:
            return []
        if first is not None:
            return [(f"{last}; ", (last + 1, None)) for last in range(first, self.tokens)]
        begin = [(f"{n}-", (at, n)) for n in range(at, self.tokens)]
        return [*begin, ("none" if at == 0 else "", (OVER, None))]

    def longest(self, count: Callable[[str], int]) -> int:
        """RETURNS (int): Tokens of the answer in which every token is a mention."""
        return self.tokens * count(f"{self.tokens}-{self.tokens}; ")
