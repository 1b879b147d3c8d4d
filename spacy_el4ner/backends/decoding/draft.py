"""Drafts: the likely continuation of an answer, as long as is worth verifying in one pass.

An answer of NER is its input plus tags, so the draft is the first option of the grammar, the next token
of the source; or the guess, if there is one. One pass verifies a whole draft. The same pass shows which
tokens the model prefers at each of its places, even after a rejected token, and with which probability:
the next draft includes them, tags too, and ends where it becomes unlikely.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton

UNKNOWN = 0.1
"""Probability that the model leaves the draft at a place that no pass has covered. This prior affects
only the speed.
"""
GUESSED = 0.1
"""The same probability at a place of a guess."""
UNLIKELY = 0.02
"""A draft ends when the probability that the model follows it this far falls to this value."""
LONGEST = 512
"""Maximum number of tokens of a draft."""


@dataclass(frozen=True)
class Draft:
    """The likely continuation of an answer.

    tokens (tuple[int, ...]): The tokens expected next.
    places (tuple[TokenAutomaton, ...]): The place before each token, and the place after the last.
    expected (tuple[float, ...]): Expected number of tokens of the answer from a pass that verifies the
        first 0, 1, 2, … tokens.
    """

    tokens: tuple[int, ...]
    places: tuple[TokenAutomaton, ...]
    expected: tuple[float, ...]

    def cut(self, n: int) -> "Draft":
        """n (int): Maximum number of tokens.
        RETURNS (Draft): The beginning of the draft.
        """
        return Draft(self.tokens[:n], self.places[: n + 1], self.expected[: n + 1])


@dataclass
class Drafter:
    """Drafts for one row.

    expected (dict[Hashable, tuple[int, float]]): Key of a place that a guess or a pass has covered ->
        the expected next token, and the probability of any other.
    """

    expected: dict[Hashable, tuple[int, float]] = field(default_factory=dict)

    def guess(self, place: TokenAutomaton, tokens: Iterable[int]) -> None:
        """Take note of a guess, as far as the grammar allows it.

        place (TokenAutomaton): The beginning of the answer.
        tokens (Iterable[int]): A guess of its tokens.
        """
        for token in tokens:
            if token not in place.allowed:
                return
            self.expected[place.key] = (token, GUESSED)
            place = place.step(token)

    def draft(self, place: TokenAutomaton) -> Draft:
        """place (TokenAutomaton): The current place in the answer.
        RETURNS (Draft): The longest draft that may be worth verifying.
        """
        places, tokens, expected = [place], list[int](), [1.0]
        survival = 1.0
        while places[-1].allowed and len(tokens) < LONGEST and survival > UNLIKELY:
            token, leaving = self._next(places[-1])
            survival *= 1 - leaving
            tokens.append(token)
            places.append(places[-1].step(token))
            expected.append(expected[-1] + survival)
        return Draft(tuple(tokens), tuple(places), tuple(expected))

    def learn(self, place: TokenAutomaton, logprobs: Sequence[float]) -> None:
        """Take note of the model's preference.

        place (TokenAutomaton): A place that a pass has covered.
        logprobs (Sequence[float]): Log-probabilities of the tokens allowed there.
        """
        best = max(range(len(logprobs)), key=logprobs.__getitem__)
        self.expected[place.key] = (place.allowed[best], 1 - math.exp(logprobs[best]))

    def _next(self, place: TokenAutomaton) -> tuple[int, float]:
        """The expected next token, and the probability of any other."""
        if len(place.allowed) == 1:
            return place.allowed[0], 0.0
        return self.expected.get(place.key, (place.allowed[0], UNKNOWN))


def source(place: TokenAutomaton) -> Draft:
    """place (TokenAutomaton): The current place in an answer.
    RETURNS (Draft): The rest of the source, regardless of guesses and earlier passes.
    """
    places, tokens = [place], list[int]()
    while places[-1].allowed and len(tokens) < LONGEST:
        tokens.append(places[-1].allowed[0])
        places.append(places[-1].step(tokens[-1]))
    return Draft(tuple(tokens), tuple(places), tuple(range(1, len(places) + 1)))


def fit(drafts: Sequence[Draft], pending: Sequence[int], pass_cost: float) -> list[Draft]:
    """Cut the drafts of a batch to the width with the highest yield. Rows are padded to the widest one;
    the chosen width maximises

        (Σ_rows expected tokens) / (pass_cost + rows × width)

    Without any draft this is the plain constrained loop, so no pass is expected to be slower than that;
    tokens that fit into the width cost nothing.

    drafts (Sequence[Draft]): The draft of each row.
    pending (Sequence[int]): Tokens of each row that are read in any case.
    pass_cost (float): Fixed cost of a pass, in the tokens that could be read in the same time.
    RETURNS (list[Draft]): The drafts to verify, cut.
    """
    narrowest = max(pending)
    widest = max(p + len(d.tokens) for p, d in zip(pending, drafts, strict=True))
    widths = np.arange(narrowest, widest + 1)
    worth = np.zeros(len(widths))
    for draft, read in zip(drafts, pending, strict=True):
        expected = np.asarray(draft.expected)
        worth += expected[np.minimum(widths - read, len(expected) - 1)]
    width = int(widths[np.argmax(worth / (pass_cost + len(drafts) * widths))])
    return [draft.cut(width - read) for draft, read in zip(drafts, pending, strict=True)]
