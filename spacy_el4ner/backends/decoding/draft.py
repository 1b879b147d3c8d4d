"""Drafts: how an answer is likely to go on, and how much of that is worth verifying at once.

An answer of NER is its input plus tags, so the draft is what the grammar names first: the next token of
the source; or, where the answer was guessed, what the guess says. One pass verifies a whole draft. It
also tells what the model prefers at each of its places, those after a rejected token included, and how
surely: later drafts say that, tags included, and end where they get unlikely.
"""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton

UNKNOWN = 0.1
"""Chance that the model leaves the draft at a place it was not asked about before. A prior: only speed
depends on it."""
GUESSED = 0.1
"""The same where the answer was guessed."""
UNLIKELY = 0.02
"""A draft ends where it is as unlikely as this that the model follows it so far."""
LONGEST = 512


@dataclass(frozen=True)
class Draft:
    """tokens (tuple[int, ...]): What is expected next.
    places (tuple[TokenAutomaton, ...]): The place before each token, and the one after the last.
    expected (tuple[float, ...]): How many tokens of the answer a pass is expected to yield that
        verifies none of them, the first, the first two …
    """

    tokens: tuple[int, ...]
    places: tuple[TokenAutomaton, ...]
    expected: tuple[float, ...]

    def cut(self, n: int) -> "Draft":
        """RETURNS (Draft): The first `n` tokens of it, if it has as many."""
        return Draft(self.tokens[:n], self.places[: n + 1], self.expected[: n + 1])


@dataclass
class Drafter:
    """Drafts for one row.

    expected (dict[Hashable, tuple[int, float]]): For places that were guessed or that the model was
        asked about, what comes next, and the chance that something else does.
    """

    expected: dict[Hashable, tuple[int, float]] = field(default_factory=dict)

    def guess(self, place: TokenAutomaton, tokens: Iterable[int]) -> None:
        """place (TokenAutomaton): Where the answer begins.
        tokens (Iterable[int]): What it may turn out to be.
        """
        for token in tokens:
            if token not in place.allowed:
                return
            self.expected[place.key] = (token, GUESSED)
            place = place.step(token)

    def draft(self, place: TokenAutomaton) -> Draft:
        """place (TokenAutomaton): Where the answer is.
        RETURNS (Draft): As much as may be worth verifying.
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
        """place (TokenAutomaton): A place that the model was asked about.
        logprobs (Sequence[float]): Of the tokens that are allowed there.
        """
        best = max(range(len(logprobs)), key=logprobs.__getitem__)
        self.expected[place.key] = (place.allowed[best], 1 - math.exp(logprobs[best]))

    def _next(self, place: TokenAutomaton) -> tuple[int, float]:
        """What comes next, and the chance that something else does."""
        if len(place.allowed) == 1:
            return place.allowed[0], 0.0
        return self.expected.get(place.key, (place.allowed[0], UNKNOWN))


def source(place: TokenAutomaton) -> Draft:
    """place (TokenAutomaton): Where an answer is.
    RETURNS (Draft): The rest of the source, as if nothing were known of the answer.
    """
    places, tokens = [place], list[int]()
    while places[-1].allowed and len(tokens) < LONGEST:
        tokens.append(places[-1].allowed[0])
        places.append(places[-1].step(tokens[-1]))
    return Draft(tuple(tokens), tuple(places), tuple(range(1, len(places) + 1)))


def fit(drafts: Sequence[Draft], pending: Sequence[int], pass_cost: float) -> list[Draft]:
    """Cut the drafts of a batch so that its next pass is worth most. Rows are padded to the widest, so
    that the width decides; it maximises

        (Σ_rows expected tokens) / (pass_cost + rows × width)

    Drafting nothing is the plain constrained loop, so that no pass is expected to be slower than that;
    and what fits into the width costs nothing.

    drafts (Sequence[Draft]): One a row.
    pending (Sequence[int]): Tokens of each row that are read in any case.
    pass_cost (float): Tokens that could be read in the time that a pass takes however little it reads.
    RETURNS (list[Draft]): The beginnings to verify.
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
