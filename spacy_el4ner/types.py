"""The nouns of the package: plain, immutable data that passes between its parts.

Offsets are character offsets. Those of a `Mention` are relative to the text it was found in (a
window or a pool sentence); those of a `Candidate` are relative to the document.
"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

Piece = tuple[str, str]
"""White space that leads a token, and the token's own text."""


@dataclass(frozen=True, order=True)
class Mention:
    """A span of a text, typed or not.

    start (int): First character.
    end (int): One past the last character.
    label (str): The type, or "" while none is given.
    """

    start: int
    end: int
    label: str = ""


@dataclass(frozen=True)
class Window:
    """A stretch of one document that a prompt is made of.

    text (str): The stretch, without white space at its edges.
    start (int): Where it begins in its document, in characters.
    tokens (tuple[tuple[int, int], ...]): Offsets of its tokens within `text`; mentions begin and
        end at these. Tokens that nobody can see, such as white space, are left out.
    document (int): Index of its document in the batch.
    """

    text: str
    start: int
    tokens: tuple[tuple[int, int], ...]
    document: int = 0

    @property
    def end(self) -> int:
        return self.start + len(self.text)

    @property
    def pieces(self) -> list[Piece]:
        """The text cut so that a mention can begin and end at every cut; joined, it is the text."""
        ends = [0, *(end for _, end in self.tokens)]
        return [
            (self.text[before:start], self.text[start:end])
            for before, (start, end) in zip(ends, self.tokens, strict=False)
        ]


@dataclass(frozen=True)
class Demonstration:
    """A labelled sentence of the pool.

    id (str): Names it in provenance.
    window (Window): Its text and tokens.
    mentions (tuple[Mention, ...]): Its gold entities.
    """

    id: str
    window: Window
    mentions: tuple[Mention, ...]


@dataclass(frozen=True)
class Prompt:
    """What a backbone is asked: a conversation of a system turn and one user turn.

    The user turn is `context` followed by `question`. Prompts about the same sentence share `system`
    and `context`, so that a backend can read that prefix once.
    """

    system: str
    context: str
    question: str


@dataclass(frozen=True)
class Answer:
    """What a backbone answered to a *decode* request.

    text (str): The generated text alone; nothing of the prompt.
    offsets (tuple[int, ...]): Where in `text` each generated token begins.
    logprobs (tuple[float, ...]): Log-probability of each token among those its format allowed, in
        nats. Empty where the transport gives none.
    error (str): Why there is no answer, or "".
    """

    text: str
    offsets: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    error: str = ""

    def probability(self, ranges: Iterable[tuple[int, int]]) -> float:
        """Probability of the parts of the answer that begin in the character `ranges`."""
        inside = [
            logprob
            for offset, logprob in zip(self.offsets, self.logprobs, strict=True)
            if any(start <= offset < end for start, end in ranges)
        ]
        return math.exp(sum(inside)) if self.logprobs else math.nan


class Grammar(Protocol):
    """Which strings an answer may consist of, as a state machine over strings.

    An empty list of options ends the answer; the option "" stands for the end-of-turn token.
    States are hashable.
    """

    def start(self) -> Any: ...

    def options(self, state: Any) -> Sequence[tuple[str, Any]]: ...


@dataclass(frozen=True)
class DecodeRequest:
    """Asks for an answer in the language of `grammar`.

    guess (tuple[str, ...]): What the answer may turn out to be, as options of the grammar one after
        another, the beginning of it or nothing. The answer does not depend on it, only the time does.
    """

    prompt: Prompt
    grammar: Grammar
    guess: tuple[str, ...] = field(default=(), compare=False)


@dataclass(frozen=True)
class ScoreRequest:
    """Asks how likely each of `options` is as the answer."""

    prompt: Prompt
    options: tuple[str, ...]


@dataclass(frozen=True)
class Vote:
    """One backbone's opinion of one candidate.

    backbone (str): Who votes.
    label (str): The type it gives, or "" for "no entity".
    probability (float): Of that label, among the options offered.
    probabilities (dict[str, float]): Of every option, "" being "no entity".
    estimated (bool): The transport gave no probabilities: the option chosen has all of it, and only
        the agreement of several votes says how sure the ensemble is.
    unread (bool): Nothing of the answer could be read; it counts as "no entity".
    extracted (bool): The backbone extracted the span itself; otherwise another one did.
    """

    backbone: str
    label: str
    probability: float
    probabilities: dict[str, float] = field(hash=False)
    estimated: bool = False
    unread: bool = False
    extracted: bool = False


@dataclass(frozen=True)
class Verdict:
    """The verifier's answer to "is this span a LABEL?".

    backbone (str): Who verifies.
    true (bool): The answer.
    probability (float): Of the answer "true".
    estimated (bool): As of a `Vote`.
    unread (bool): Nothing of the answer could be read; it counts as "false".
    """

    backbone: str
    true: bool
    probability: float
    estimated: bool = False
    unread: bool = False


@dataclass(frozen=True)
class Candidate:
    """A span of the union on its way through the stages.

    start (int), end (int): Offsets in the document.
    label (str): The type that won the vote, or "" before it.
    proposals (dict[str, float]): Backbone -> probability with which it proposed the span.
    votes (tuple[Vote, ...]): One a backbone that classified it.
    verdict (Verdict | None): The verifier's answer, None while not asked.
    confidence (float): 0 to 1.
    demonstrations (tuple[str, ...]): Ids of the demonstrations shown.
    document (int): Index of its document in the batch.
    """

    start: int
    end: int
    label: str = ""
    proposals: dict[str, float] = field(default_factory=dict, hash=False)
    votes: tuple[Vote, ...] = ()
    verdict: Verdict | None = None
    confidence: float = 0.0
    demonstrations: tuple[str, ...] = ()
    document: int = 0
