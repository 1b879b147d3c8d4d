"""Mentions and demonstrations as the prompt templates see them."""

from collections.abc import Container
from dataclasses import dataclass

from spacy_el4ner.formats import InlineTags
from spacy_el4ner.formats.base import Format
from spacy_el4ner.types import Demonstration, Mention, Window


@dataclass(frozen=True)
class MarkedMention:
    """A mention as the templates see it.

    window (Window): The text.
    mention (Mention): The mention.
    open (str): The mark before it.
    close (str): The mark after it.
    word (str): Stands in the mention's place; "" for its own text.
    """

    window: Window
    mention: Mention
    open: str
    close: str
    word: str = ""

    @property
    def surface(self) -> str:
        """RETURNS (str): Its own text, or the word in its place."""
        return self.word or self.window.text[self.mention.start : self.mention.end]

    def left(self, n: int) -> str:
        """n (int): A number of tokens.
        RETURNS (str): The text from up to `n` tokens before the mention to its start.
        """
        starts = [start for start, _ in self.window.tokens if start < self.mention.start]
        first = starts[-n:][0] if starts else self.mention.start
        return self.window.text[first : self.mention.start].strip()

    def right(self, n: int) -> str:
        """n (int): A number of tokens.
        RETURNS (str): The text from the end of the mention to up to `n` tokens after it.
        """
        ends = [end for _, end in self.window.tokens if end > self.mention.end]
        last = ends[:n][-1] if ends else self.mention.end
        return self.window.text[self.mention.end : last].strip()


@dataclass(frozen=True)
class ShownDemonstration:
    """A demonstration as the templates see it, without mentions of labels that are not asked for.

    demonstration (Demonstration): The demonstration.
    labels (Container[str]): The labels that are asked for.
    format (Format): The language of the answers.
    marker (InlineTags): Marks the mentions, whatever the format.
    """

    demonstration: Demonstration
    labels: Container[str]
    format: Format
    marker: InlineTags

    @property
    def text(self) -> str:
        """RETURNS (str): The sentence."""
        return self.demonstration.window.text

    @property
    def mentions(self) -> list[dict[str, str]]:
        """RETURNS (list[dict[str, str]]): `surface` and `label` of each mention."""
        return [{"surface": self.text[m.start : m.end], "label": m.label} for m in self._mentions]

    @property
    def tagged(self) -> str:
        """RETURNS (str): The sentence with its mentions in untyped tags."""
        return self.marker.render(self.demonstration.window, self._mentions)

    @property
    def typed(self) -> str:
        """RETURNS (str): The sentence with its label in brackets after each mention."""
        parts, at = [], 0
        for mention in self._mentions:
            parts += [self.text[at : mention.end], f" [{mention.label}]"]
            at = mention.end
        return "".join([*parts, self.text[at:]])

    @property
    def answer(self) -> str:
        """RETURNS (str): The right answer to the extraction, in the format."""
        return self.format.render(self.demonstration.window, self._mentions)

    @property
    def _mentions(self) -> list[Mention]:
        return [m for m in self.demonstration.mentions if m.label in self.labels]
