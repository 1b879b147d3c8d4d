"""A grammar over strings, followed token by token.

The tokens of neighbouring options can begin alike (" <" begins both the tag " <e>" and a copied "<"),
so the automaton keeps every reading of the tokens so far and drops those that the next token refutes.
Where one reading is complete and another goes on, the end-of-turn token stands for stopping.
"""

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from spacy_el4ner.types import Grammar


@dataclass(frozen=True)
class _Reading:
    """One way to read the tokens so far.

    left (tuple[int, ...]): Tokens missing until its last option is complete.
    state (Any): The state of the grammar after that option.
    text (str): All of its options, joined.
    place (int): Where its last option begins in `text`, leading white space not counted.
    starts (Sequence[int]): Where each token of that option begins in it, counted from there.
    offsets (tuple[int, ...]): Where in `text` each token so far begins.
    """

    left: tuple[int, ...]
    state: Any
    text: str
    place: int
    starts: Sequence[int]
    offsets: tuple[int, ...]


class TokenAutomaton:
    """A place in an answer. It never changes: a step leads to another one.

    grammar (Grammar): The language of the answer.
    encode (Callable[[str], Sequence[int]]): The tokens of an option.
    end (int): The end-of-turn token, which the option "" stands for.
    starts (Callable[[str], Sequence[int]] | None): Where in an option each of its tokens begins,
        leading white space not counted. None places all of them at its beginning.
    """

    def __init__(
        self,
        grammar: Grammar,
        encode: Callable[[str], Sequence[int]],
        end: int,
        starts: Callable[[str], Sequence[int]] | None = None,
    ):
        self.grammar = grammar
        self.encode = encode
        self.end = end
        self.starts = starts
        self._settle(self._expand(_Reading((), grammar.start(), "", 0, (), ())))

    @cached_property
    def allowed(self) -> tuple[int, ...]:
        """RETURNS (tuple[int, ...]): The tokens that may come next, the one that the grammar names
        first in front; none when the answer is complete.
        """
        return tuple(dict.fromkeys(reading.left[0] for reading in self._readings))

    @cached_property
    def key(self) -> Hashable:
        """RETURNS (Hashable): Equal for two places from which the same answers can follow."""
        return tuple((reading.left, reading.state) for reading in self._readings)

    def step(self, token: int) -> "TokenAutomaton":
        """token (int): One of the allowed tokens.
        RETURNS (TokenAutomaton): The place after it.
        """
        readings: list[_Reading] = []
        for old in self._readings:
            if old.left[0] != token:
                continue
            at = old.place + (old.starts[-len(old.left)] if old.starts else 0)
            new = replace(old, left=old.left[1:], offsets=(*old.offsets, at))
            readings += [new] if new.left else self._expand(new)
        after = object.__new__(TokenAutomaton)
        after.grammar, after.encode, after.end = self.grammar, self.encode, self.end
        after.starts = self.starts
        after._settle(readings)
        return after

    @property
    def answer(self) -> tuple[str, tuple[int, ...]]:
        """RETURNS (tuple[str, tuple[int, ...]]): The finished text, and where each token begins."""
        if self._finished is None:
            raise ValueError("the answer is not finished")
        return self._finished.text, self._finished.offsets

    def _settle(self, readings: list[_Reading]) -> None:
        """Keep the readings that the next token can tell apart. Of those that agree in all that is to
        come the first is kept.
        """
        distinct: dict[tuple[tuple[int, ...], Any], _Reading] = {}
        for reading in readings:
            distinct.setdefault((reading.left, reading.state), reading)
        finished = next((r for r in distinct.values() if not r.left), None)
        self._readings = [r for r in distinct.values() if r.left]
        self._finished = finished
        if finished is not None and self._readings:
            place = len(finished.text)
            self._readings.append(replace(finished, left=(self.end,), place=place, starts=()))
            self._finished = None

    def _expand(self, reading: _Reading) -> list[_Reading]:
        """The readings that go on from a complete option; the same one where nothing follows."""
        options = self.grammar.options(reading.state)
        if not options:
            return [reading]
        readings: list[_Reading] = []
        for string, state in options:
            tokens = tuple(self.encode(string)) if string else (self.end,)
            place = len(reading.text) + len(string) - len(string.lstrip())
            starts = self.starts(string) if self.starts and string else ()
            next_ = _Reading(tokens, state, reading.text + string, place, starts, reading.offsets)
            # A tokenizer may have nothing for an option (an unknown control character): it is free.
            readings += [next_] if tokens else self._expand(next_)
        return readings
