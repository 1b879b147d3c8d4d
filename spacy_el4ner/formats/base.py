"""What a format is: one output language, rendered, constrained and parsed in one place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from spacy_el4ner.types import Grammar, Mention, Window


@dataclass(frozen=True)
class ParsedMention:
    """A mention read from an answer.

    start (int), end (int), label (str): As in `Mention`.
    evidence (tuple[tuple[int, int], ...]): Character ranges of the answer in which the backbone
        committed itself to this mention, such as its two tags.
    """

    start: int
    end: int
    label: str
    evidence: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Parsed:
    """What an answer said.

    mentions (tuple[ParsedMention, ...]): What was found, with offsets in the window.
    unaligned (int): Mentions that the answer names and the text does not contain.
    unparsed (int): Pieces of the answer that are not in the format's language.
    """

    mentions: tuple[ParsedMention, ...]
    unaligned: int = 0
    unparsed: int = 0


@runtime_checkable
class Format(Protocol):
    """An output language for mentions. `parse(render(w, m), w)` gives back `m`."""

    name: str

    def path(self, window: Window, mentions: Iterable[Mention]) -> list[str]: ...

    def render(self, window: Window, mentions: Iterable[Mention]) -> str: ...

    def grammar(self, window: Window) -> Grammar: ...

    def parse(self, text: str, window: Window) -> Parsed: ...
