"""The nouns of the package: plain, immutable data that passes between its parts.

Offsets are character offsets. Those of a `Mention` are relative to the text it was found in (a
window or a pool sentence); those of a `Candidate` are relative to the document.
"""

import math
from collections.abc import Callable, Iterable, Sequence
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
        """RETURNS (int): Where the window ends in its document, in characters."""
        return self.start + len(self.text)

    @property
    def words(self) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): The text of its tokens."""
        return tuple(self.text[start:end] for start, end in self.tokens)

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
    """A conversation of a system turn, earlier exchanges and one user turn, which is `context` followed
    by `question`; or a text to be continued, which is `system`, `context` and `question`.

    Prompts about the same sentence share everything before `question`, so that a backend can read that
    prefix once. Where the texts contain a `CUT`, their tokenization is cut and the mark left out.

    system (str): The system turn, or "".
    context (str): The first part of the user turn: labels, demonstrations, the sentence.
    question (str): The last part of the user turn.
    exchanges (tuple[tuple[str, str], ...]): Earlier questions of the user with the answers of the
        assistant: the demonstrations, where they are shown as turns.
    stop (str): The text that follows an answer, where the prompt is a text to be continued; "" for a
        conversation.
    lead (str): White space that the first token of an option includes.
    """

    system: str
    context: str
    question: str
    exchanges: tuple[tuple[str, str], ...] = ()
    stop: str = ""
    lead: str = ""

    @property
    def texts(self) -> list[str]:
        """RETURNS (list[str]): All texts of the prompt in order, without the marks of cuts."""
        shown = (text for exchange in self.exchanges for text in exchange)
        return [uncut(t) for t in (self.system, *shown, self.context + self.question)]


CUT = "\ufdd0"
"""Marks a place of a prompt at which the tokenization is cut. It is a character that Unicode reserves
for such internal use.
"""


def uncut(text: str) -> str:
    """text (str): A text of a prompt.
    RETURNS (str): The text without the marks of cuts.
    """
    return text.replace(CUT, "")


@dataclass(frozen=True)
class Answer:
    """What a model answered to a *decode* request.

    text (str): The generated text alone; nothing of the prompt.
    offsets (tuple[int, ...]): Where in `text` each generated token begins.
    logprobs (tuple[float, ...]): Log-probability of each token among those its format allowed, in
        nats, with the request's bias. Empty where the transport gives none.
    raw (tuple[float, ...]): The same without the bias; empty where there was none to take away.
    error (str): Why there is no answer, or "".
    """

    text: str
    offsets: tuple[int, ...] = ()
    logprobs: tuple[float, ...] = ()
    raw: tuple[float, ...] = ()
    error: str = ""

    def probability(self, ranges: Iterable[tuple[int, int]], raw: bool = False) -> float:
        """ranges (Iterable[tuple[int, int]]): Ranges of characters of the answer.
        raw (bool): Whether to leave the request's bias out.
        RETURNS (float): Probability of the tokens that begin in the ranges; NaN where it is unknown.
        """
        logprobs = self.raw if raw and self.raw else self.logprobs
        inside = [
            logprob
            for offset, logprob in zip(self.offsets, logprobs, strict=True)
            if any(start <= offset < end for start, end in ranges)
        ]
        return math.exp(sum(inside)) if logprobs else math.nan


class Grammar(Protocol):
    """The language of an answer, as a state machine over strings.

    States are hashable, and equal grammars compare equal: a frozen dataclass does. The first option of
    a state adds nothing of its own, such as the next word of the source; the others depart from it. A
    class inherits `choices`, `simpler` and `decision` from the protocol.
    """

    @property
    def choices(self) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): All answers, where the language is a short list of them; else
        nothing. Some servers constrain answers to a list better than to rules.
        """
        return ()

    @property
    def simpler(self) -> "Grammar | None":
        """RETURNS (Grammar | None): Nearly the same language with far fewer states, for servers to
        which this one is too large to send; None if there is none.
        """
        return None

    def start(self) -> Any:
        """RETURNS (Any): The state before the first string."""
        ...

    def options(self, state: Any) -> Sequence[tuple[str, Any]]:
        """state (Any): A state.
        RETURNS (Sequence[tuple[str, Any]]): The strings that may come next, each with the state after
            it. No options end the answer; the string "" stands for the end-of-turn token.
        """
        ...

    def decision(self, state: Any) -> str:
        """state (Any): A state with several options.
        RETURNS (str): What is decided there: "open" for whether a mention begins, "close" for whether
            it ends, "any" for whether a list has any. Calibration fits an offset for each name; it
            leaves "" alone.
        """
        return ""

    def longest(self, count: Callable[[str], int]) -> int:
        """count (Callable[[str], int]): Counts the tokens of a text.
        RETURNS (int): Tokens to expect at most: those of the answer in which every token of the text
            is a mention of its own.
        """
        ...


@dataclass(frozen=True)
class DecodeRequest:
    """Asks for an answer in the language of `grammar`.

    prompt (Prompt): The prompt.
    grammar (Grammar): The language of the answer.
    guess (tuple[str, ...]): What the answer may turn out to be, as options of the grammar one after
        another, the beginning of it or nothing. The answer does not depend on it, only the time does.
    bias (tuple[tuple[str, float], ...]): Decision, as `Grammar.decision` names it, and what is added
        there to the log-odds of all options but the first, in nats.
    """

    prompt: Prompt
    grammar: Grammar
    guess: tuple[str, ...] = field(default=(), compare=False)
    bias: tuple[tuple[str, float], ...] = ()


@dataclass(frozen=True)
class ScoreRequest:
    """Asks for the probability of each of several answers.

    prompt (Prompt): The prompt.
    options (tuple[str, ...]): The answers to compare.
    """

    prompt: Prompt
    options: tuple[str, ...]


@dataclass(frozen=True)
class Vote:
    """One voter's opinion of one candidate.

    voter (str): Name of the voter.
    label (str): The label it gives, or "" for "no entity".
    probability (float): Probability of that label, 0 to 1.
    probabilities (dict[str, float]): Probability of every label, "" standing for "no entity".
    estimated (bool): The voter gives no probabilities of its own: its choice has all of it, and only
        the agreement of several votes says how sure the ensemble is.
    unread (bool): Nothing of the answer could be read; it counts as "no entity".
    extracted (bool): The voter proposed the span itself; otherwise another one did.
    abstained (bool): The voter has no opinion. The vote counts as missing, and not as "no entity".
    raw (dict[str, float]): The probabilities without the voter's calibration; empty for a voter
        without one.
    """

    voter: str
    label: str
    probability: float
    probabilities: dict[str, float] = field(hash=False)
    estimated: bool = False
    unread: bool = False
    extracted: bool = False
    abstained: bool = False
    raw: dict[str, float] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Verdict:
    """The verifier's answer to "is this span a LABEL?".

    voter (str): Name of the voter that verifies.
    true (bool): The answer.
    probability (float): Probability of the answer "true", 0 to 1.
    estimated (bool): As in `Vote`.
    unread (bool): Nothing of the answer could be read; it counts as "false".
    raw (float | None): The probability without the voter's calibration; None for a voter without one.
    """

    voter: str
    true: bool
    probability: float
    estimated: bool = False
    unread: bool = False
    raw: float | None = None


@dataclass(frozen=True)
class Candidate:
    """A span of the union on its way through the stages.

    start (int), end (int): Offsets in the document.
    label (str): The label that won the vote, or "" before it.
    proposals (dict[str, float]): Voter -> probability with which it proposed the span.
    votes (tuple[Vote, ...]): One per voter that was asked to classify it.
    verdict (Verdict | None): The verifier's answer, None while not asked.
    confidence (float): 0 to 1.
    demonstrations (tuple[str, ...]): Ids of the demonstrations shown.
    document (int): Index of its document in the batch.
    raw (dict[str, float]): The proposals without the voters' calibrations; only of voters with one.
    raw_confidence (float | None): The confidence before calibration; None where it is not calibrated.
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
    raw: dict[str, float] = field(default_factory=dict, hash=False)
    raw_confidence: float | None = None
