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
    offsets (tuple[int, ...]): The place of the option that each token so far belongs to.
    """

    left: tuple[int, ...]
    state: Any
    text: str
    place: int
    offsets: tuple[int, ...]


class TokenAutomaton:
    """A place in an answer. It never changes: a step leads to another one.

    grammar (Grammar): The language of the answer.
    encode (Callable[[str], Sequence[int]]): The tokens of an option.
    end (int): The end-of-turn token, which the option "" stands for.
    """

    def __init__(self, grammar: Grammar, encode: Callable[[str], Sequence[int]], end: int):
        self.grammar = grammar
        self.encode = encode
        self.end = end
        self._settle(self._expand(_Reading((), grammar.start(), "", 0, ())))

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
            new = replace(old, left=old.left[1:], offsets=(*old.offsets, old.place))
            readings += [new] if new.left else self._expand(new)
        after = object.__new__(TokenAutomaton)
        after.grammar, after.encode, after.end = self.grammar, self.encode, self.end
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
            self._readings.append(replace(finished, left=(self.end,), place=place))
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
            next_ = _Reading(tokens, state, reading.text + string, place, reading.offsets)
            # A tokenizer may have nothing for an option (an unknown control character): it is free.
            readings += [next_] if tokens else self._expand(next_)
        return readings
