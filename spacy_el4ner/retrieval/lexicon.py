"""A lexicon of the training mentions: how often a name was labelled as an entity, and how often not.

Both models learnt from these sentences, and neither remembers all of them: a name on which they
disagree was often labelled before.
"""

import math
from array import array
from bisect import bisect
from collections.abc import Container, Iterable, Sequence
from dataclasses import dataclass

from spacy_el4ner.types import Demonstration

END = ""
"""Separator after each sentence, which no token equals, so that no name continues across it."""


@dataclass(frozen=True)
class Seen:
    """Counts of a mention's words in the labelled sentences.

    labelled (int): How often they are an entity of its type.
    otherwise (int): How often they are one of another type, a part of a longer one, or none.
    """

    labelled: int = 0
    otherwise: int = 0

    @property
    def log_odds(self) -> float:
        """RETURNS (float): Log-odds of `labelled` against `otherwise`; 0 for unseen words."""
        return math.log((self.labelled + 0.5) / (self.otherwise + 0.5))


class Lexicon:
    """sentences (Iterable[Demonstration]): The labelled sentences."""

    def __init__(self, sentences: Iterable[Demonstration]):
        self._words: list[str] = []
        self._places: dict[str, array[int]] = {}
        self._labels: dict[tuple[int, int], str] = {}
        self._starts = array("L")
        self._ids: list[str] = []
        for sentence in sentences:
            self._add(sentence)

    def seen(self, words: Sequence[str], label: str, exclude: Container[str] = ()) -> Seen:
        """words (Sequence[str]): Tokens of a mention.
        label (str): Its type.
        exclude (Container[str]): Ids of sentences that do not count.
        RETURNS (Seen): How often the sentences have just these tokens as such an entity, and otherwise.
        """
        found = [self._labels.get(at) == label for at in self._find(list(words), exclude)]
        return Seen(sum(found), len(found) - sum(found))

    def _add(self, sentence: Demonstration) -> None:
        window, first = sentence.window, len(self._words)
        self._starts.append(first)
        self._ids.append(sentence.id)
        for start, end in window.tokens:
            word = window.text[start:end]
            self._places.setdefault(word, array("L")).append(len(self._words))
            self._words.append(word)
        self._words.append(END)
        begins = {start: first + n for n, (start, _) in enumerate(window.tokens)}
        ends = {end: first + n + 1 for n, (_, end) in enumerate(window.tokens)}
        for mention in sentence.mentions:
            if mention.start in begins and mention.end in ends:
                self._labels[begins[mention.start], ends[mention.end]] = mention.label

    def _find(self, words: list[str], exclude: Container[str]) -> Iterable[tuple[int, int]]:
        """Find the places where these words follow each other, starting from the rarest word."""
        places = [self._places.get(word, ()) for word in words]
        offset = min(range(len(words)), key=lambda n: len(places[n]))
        for place in places[offset]:
            start = place - offset
            end = start + len(words)
            if self._words[start:end] == words and self._id(start) not in exclude:
                yield start, end

    def _id(self, place: int) -> str:
        return self._ids[bisect(self._starts, place) - 1]
