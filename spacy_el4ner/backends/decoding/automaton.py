"""The automaton that follows a grammar over strings token by token.

The tokens of neighbouring options can begin alike (" <" begins both the tag " <e>" and a copied "<").
The automaton therefore keeps every reading of the tokens so far and drops those that the next token
contradicts. If one reading is complete and another continues, the end-of-turn token stands for
stopping.
"""

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from spacy_el4ner.types import Grammar


@dataclass(frozen=True)
class DecisionSide:
    """One side of a decision of the grammar.

    decision (str): The name of the decision, such as "open".
    departs (bool): Whether it is the side of the options other than the first.
    """

    decision: str
    departs: bool


@dataclass(frozen=True)
class ForcedDecision:
    """The model's decision at a place of a given answer.

    decision (str): Name of the grammar's decision, such as "open".
    log_odds (float): Log-odds of departing from the first option, in nats.
    departs (bool): Whether the given answer departs from it.
    option (int): Index of the option that the answer takes there, among all options of the answer.
    """

    decision: str
    log_odds: float
    departs: bool
    option: int = 0


@dataclass(frozen=True)
class _Reading:
    """One way to read the tokens so far.

    left (tuple[int, ...]): Tokens missing until its last option is complete.
    state (Any): The state of the grammar after that option.
    text (str): All of its options, joined.
    place (int): Where its last option begins in `text`, leading white space not counted.
    starts (Sequence[int]): Where each token of that option begins in it, counted from there.
    offsets (tuple[int, ...]): Where in `text` each token so far begins.
    side (DecisionSide | None): The side of the decision that its last option is on; None after the
        token that decides it.
    """

    left: tuple[int, ...]
    state: Any
    text: str
    place: int
    starts: Sequence[int]
    offsets: tuple[int, ...]
    side: DecisionSide | None = None


class TokenAutomaton:
    """An immutable place in an answer; a step leads to another place.

    grammar (Grammar): The language of the answer.
    encode (Callable[[str], Sequence[int]]): The tokens of an option.
    end (int): The end-of-turn token, which the option "" stands for.
    starts (Callable[[str], Sequence[int]] | None): Offset of each token in an option, not counting
        leading white space. None places all tokens at the beginning of the option.
    bias (Mapping[str, float] | None): Decision of the grammar -> bias added to the logits of the
        options that depart from the source there, in nats.
    """

    def __init__(
        self,
        grammar: Grammar,
        encode: Callable[[str], Sequence[int]],
        end: int,
        starts: Callable[[str], Sequence[int]] | None = None,
        bias: Mapping[str, float] | None = None,
    ):
        self.grammar = grammar
        self.encode = encode
        self.end = end
        self.starts = starts
        self.bias = bias or {}
        self._settle(self._expand(_Reading((), grammar.start(), "", 0, (), ())))

    @cached_property
    def allowed(self) -> tuple[int, ...]:
        """RETURNS (tuple[int, ...]): The tokens that may come next, in the order of the grammar's
        options; empty if the answer is complete.
        """
        return tuple(dict.fromkeys(reading.left[0] for reading in self._readings))

    @cached_property
    def sides(self) -> tuple[DecisionSide | None, ...]:
        """RETURNS (tuple[DecisionSide | None, ...]): The side of each allowed token; None for a token
        with which options of both sides begin, and if there is nothing left to decide.
        """
        by_token: dict[int, set[DecisionSide | None]] = {}
        for reading in self._readings:
            by_token.setdefault(reading.left[0], set()).add(reading.side)
        return tuple(next(iter(s)) if len(s) == 1 else None for s in by_token.values())

    @cached_property
    def biases(self) -> tuple[float, ...]:
        """RETURNS (tuple[float, ...]): Bias of the logit of each allowed token, in nats; empty if there
        is none.
        """
        if not self.bias:
            return ()
        return tuple(self.bias.get(s.decision, 0.0) if s and s.departs else 0.0 for s in self.sides)

    @cached_property
    def key(self) -> Hashable:
        """RETURNS (Hashable): A key that places share if the same answers can follow them."""
        return tuple((reading.left, reading.state) for reading in self._readings)

    def step(self, token: int) -> "TokenAutomaton":
        """token (int): One of the allowed tokens.
        RETURNS (TokenAutomaton): The place after it.
        """
        readings: list[_Reading] = []
        taken = [reading for reading in self._readings if reading.left[0] == token]
        decided = len({reading.side for reading in taken}) == 1 and len(self.allowed) > 1
        for old in taken:
            at = old.place + (old.starts[-len(old.left)] if old.starts else 0)
            side = None if decided else old.side
            new = replace(old, left=old.left[1:], offsets=(*old.offsets, at), side=side)
            readings += [new] if new.left else self._expand(new)
        after = object.__new__(TokenAutomaton)
        after.grammar, after.encode, after.end = self.grammar, self.encode, self.end
        after.starts, after.bias = self.starts, self.bias
        after._settle(readings)
        return after

    @property
    def answer(self) -> tuple[str, tuple[int, ...]]:
        """RETURNS (tuple[str, tuple[int, ...]]): The finished text, and the offset of each token in it.
        RAISES (ValueError): The answer is not finished.
        """
        if self._finished is None:
            raise ValueError("the answer is not finished")
        return self._finished.text, self._finished.offsets

    def _settle(self, readings: list[_Reading]) -> None:
        """Keep the first of several readings with the same continuations."""
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
        """The readings that continue a complete option; the reading itself if nothing follows."""
        options = self.grammar.options(reading.state)
        if not options:
            return [reading]
        readings: list[_Reading] = []
        decision = self.grammar.decision(reading.state)
        for n, (string, state) in enumerate(options):
            tokens = tuple(self.encode(string)) if string else (self.end,)
            place = len(reading.text) + len(string) - len(string.lstrip())
            starts = self.starts(string) if self.starts and string else ()
            side = DecisionSide(decision, n > 0) if decision and len(options) > 1 else None
            next_ = _Reading(tokens, state, reading.text + string, place, starts, reading.offsets, side)
            # A tokenizer may have no tokens for an option, such as an unknown control character.
            readings += [next_] if tokens else self._expand(next_)
        return readings
