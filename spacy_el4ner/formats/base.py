"""The protocol of output formats: an output language, rendered, constrained and parsed in one place."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from spacy_el4ner.blocks import resolves
from spacy_el4ner.types import Grammar, Mention, Window


@dataclass(frozen=True)
class ParsedMention:
    """A mention read from an answer.

    start (int): First character in the window.
    end (int): One past the last character.
    label (str): The label, or "" where the answers name none.
    evidence (tuple[tuple[int, int], ...]): Character ranges of the answer in which the model
        committed itself to this mention, such as its two tags.
    """

    start: int
    end: int
    label: str
    evidence: tuple[tuple[int, int], ...] = ()


@dataclass(frozen=True)
class Parsed:
    """The content of an answer.

    mentions (tuple[ParsedMention, ...]): The mentions, with offsets in the window.
    unaligned (int): Mentions that the answer names and the text does not contain.
    unparsed (int): Pieces of the answer that are not in the format's language.
    """

    mentions: tuple[ParsedMention, ...]
    unaligned: int = 0
    unparsed: int = 0


@resolves("el4ner_formats")
@runtime_checkable
class Format(Protocol):
    """An output language for the mentions of a text; `parse(render(window, mentions), window)` gives
    back the mentions. A class that inherits from the protocol gets `render`, `values` and `marks`.

    name (str): A short name. A folder of prompt templates may ask for this format in its own words, in
        a template `extraction_<name>.jinja`.
    """

    name: str

    def __init__(self) -> None:
        """A format without settings. (`Protocol` would otherwise give it any arguments, which a config
        takes for settings.)
        """

    def instruction(self, window: Window) -> str:
        """window (Window): The text that is asked about.
        RETURNS (str): A request, in English, to answer in this format. Prompt templates show it as
            `instruction`.
        """
        ...

    def values(self, window: Window) -> dict[str, Any]:
        """window (Window): The text that is asked about.
        RETURNS (dict[str, Any]): Further values for prompt templates, such as a separator, by name.
        """
        return {}

    def path(self, window: Window, mentions: Iterable[Mention]) -> list[str]:
        """window (Window): The text.
        mentions (Iterable[Mention]): Its mentions, at token boundaries.
        RETURNS (list[str]): The answer that names them, as the options of the grammar that are taken
            one after another.
        """
        ...

    def render(self, window: Window, mentions: Iterable[Mention]) -> str:
        """window (Window): The text.
        mentions (Iterable[Mention]): Its mentions, at token boundaries.
        RETURNS (str): The answer that names them.
        """
        return "".join(self.path(window, mentions))

    def grammar(self, window: Window) -> Grammar:
        """window (Window): The text that is asked about.
        RETURNS (Grammar): The answers that are allowed; equal for equal text and tokens, because
            stored answers are found by their grammar.
        """
        ...

    def parse(self, text: str, window: Window) -> Parsed:
        """text (str): An answer: one that the grammar allows, or free text from a server.
        window (Window): The text that was asked about.
        RETURNS (Parsed): The mentions, each at the occurrence that the answer means. What cannot be
            read or is not in the text is counted.
        """
        ...

    def marks(self, window: Window) -> list[tuple[str, str]]:
        """window (Window): The text that is asked about.
        RETURNS (list[tuple[str, str]]): The opening and closing marks that answers put around mentions;
            none where the format has no such marks.
        """
        return []
