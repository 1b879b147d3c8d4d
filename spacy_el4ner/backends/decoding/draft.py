"""Drafts: how an answer is likely to go on, and how much of that is worth verifying at once.

An answer of NER is its input plus tags, so the draft is what the grammar names first: the next token of
the source. One pass verifies a whole draft. It also tells how likely the model is to leave the draft
at each of its places, those after a rejected token included; later drafts are cut by that.
"""

from collections.abc import Hashable
from dataclasses import dataclass, field

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton

UNKNOWN = 0.2
"""Chance that the model leaves the draft at a place it was not asked about before. A prior: only speed
depends on it."""
LONGEST = 512


@dataclass(frozen=True)
class Draft:
    """tokens (tuple[int, ...]): What is expected next.
    places (tuple[TokenAutomaton, ...]): The place before each token, and the one after the last.
    """

    tokens: tuple[int, ...]
    places: tuple[TokenAutomaton, ...]


@dataclass
class Drafter:
    """Drafts for one row.

    pass_cost (float): Tokens that could be read in the time a pass takes however little is read.
    leaves (dict[Hashable, float]): For places that the model was asked about, the chance that it
        leaves the draft there.
    """

    pass_cost: float
    leaves: dict[Hashable, float] = field(default_factory=dict)

    def draft(self, place: TokenAutomaton, pending: int) -> Draft:
        """Take as many tokens as make the most of the pass: they maximise

            (1 + Σ_i Π_{j≤i} (1 − q_j)) / (pass_cost + pending + length)

        the tokens that the pass is expected to yield over what it costs, where q_j is the chance that
        the model leaves the draft at its j-th place. No token at all is the plain constrained loop,
        so that a draft is never expected to be slower than that.

        place (TokenAutomaton): Where the answer is.
        pending (int): Tokens that are to be read in any case.
        RETURNS (Draft): What to verify.
        """
        places, tokens = [place], list[int]()
        survival, expected = 1.0, 1.0
        best, length = 1 / (self.pass_cost + pending), 0
        while places[-1].allowed and len(tokens) < LONGEST:
            here = places[-1]
            survival *= 1 - self._leaving(here)
            tokens.append(here.allowed[0])
            places.append(here.step(here.allowed[0]))
            expected += survival
            rate = expected / (self.pass_cost + pending + len(tokens))
            # A forced token is known already: it may as well be read now as with the next pass.
            if rate > best or (len(here.allowed) == 1 and length == len(tokens) - 1):
                best, length = max(best, rate), len(tokens)
            elif survival < best:
                break  # a further token yields `survival` at most, for the cost of one
        return Draft(tuple(tokens[:length]), tuple(places[: length + 1]))

    def learn(self, place: TokenAutomaton, leaving: float) -> None:
        """leaving (float): The probability that the model leaves the draft at this place."""
        self.leaves[place.key] = leaving

    def _leaving(self, place: TokenAutomaton) -> float:
        return 0.0 if len(place.allowed) == 1 else self.leaves.get(place.key, UNKNOWN)
