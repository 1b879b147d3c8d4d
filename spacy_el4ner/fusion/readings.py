"""What the two models say about one window: the data that fusion works on.

Offsets are those of the window's text. All of it is immutable and knows nothing of the models.
"""

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.fusion.tags import Scheme, TokenSpan
from spacy_el4ner.types import Mention, Window


@dataclass(frozen=True, eq=False)
class SLMReading:
    """The supervised tagger's reading.

    mentions (tuple[Mention, ...]): Its entities, at token boundaries, in order, without overlap.
    probabilities (tuple[float, ...]): Of each of them, 0 to 1.
    logprobs (ndarray): Log-probability of each tag at each token of the window, in nats,
        (tokens, tags); each row's probabilities sum to 1.
    scheme (Scheme): What the tags are.
    """

    mentions: tuple[Mention, ...]
    probabilities: tuple[float, ...]
    logprobs: NDArray[np.float32]
    scheme: Scheme

    def logprob(self, tokens: range, spans: Iterable[TokenSpan]) -> float:
        """tokens (range): Tokens of the window.
        spans (Iterable[TokenSpan]): Entities among them that do not overlap, by token of the window.
        RETURNS (float): Log-probability of tags that spell these entities and no other, in nats; minus
            infinity where one is of a type that the tagger does not know.
        """
        moved = [(start - tokens.start, end - tokens.start, label) for start, end, label in spans]
        if not {label for *_, label in moved} <= set(self.scheme.labels):
            return -np.inf
        ids = self.scheme.encode(len(tokens), moved)
        return float(self.logprobs[np.array(tokens, dtype=np.int64), ids].sum(dtype=np.float64))

    def entropies(self, temperature: float = 1.0) -> NDArray[np.float64]:
        """temperature (float): Divides the log-probabilities before they are normalised again.
        RETURNS (ndarray): Entropy of the tags at each token, in nats, (tokens,).
        """
        scaled = self.logprobs.astype(np.float64) / temperature
        scaled -= np.logaddexp.reduce(scaled, axis=-1, keepdims=True)
        p = np.exp(scaled)
        result: NDArray[np.float64] = -np.where(p > 0, p * scaled, 0.0).sum(-1)
        return result


@dataclass(frozen=True)
class LLMMention:
    """An entity that the language model tagged.

    mention (Mention): Where and what.
    category (float): Probability of the first token of its type's name (Xu et al. 2025, section 4.1.1).
    boundary (float): Mean probability of four tokens: the one before its opening tag, the first of
        that tag, the one before its closing tag, the first of that one.
    """

    mention: Mention
    category: float
    boundary: float


@dataclass(frozen=True)
class LLMReading:
    """The language model's reading.

    mentions (tuple[LLMMention, ...]): Its entities, at token boundaries, in order, without overlap.
    copied (tuple[float, ...]): For each token of the window, the probability with which it was copied
        as it stands: what the model says for "no entity here".
    error (str): Why there is no reading, or "".
    estimated (bool): The transport gave no probabilities, and all of them are stand-ins.
    unaligned (int): Mentions that the answer names and the text does not contain.
    unparsed (int): Pieces of the answer that are not in the format's language.
    dropped (int): Demonstrations that there was no room for.
    parts (int): Parts that the window was read in because there was no room for it; 1 for none.
    """

    mentions: tuple[LLMMention, ...] = ()
    copied: tuple[float, ...] = ()
    error: str = ""
    estimated: bool = False
    unaligned: int = 0
    unparsed: int = 0
    dropped: int = 0
    parts: int = 1


@dataclass(frozen=True)
class Seen:
    """What labelled sentences have of a mention's words.

    labelled (int): How often they are an entity of its type.
    otherwise (int): How often they are one of another type, a part of a longer one, or none.
    """

    labelled: int = 0
    otherwise: int = 0

    @property
    def log_odds(self) -> float:
        """RETURNS (float): Of the first against the second, 0 for words that were never seen."""
        return math.log((self.labelled + 0.5) / (self.otherwise + 0.5))


@dataclass(frozen=True)
class Case:
    """Both readings of one window, what was labelled before, and the truth where it is known.

    window (Window): What was read.
    slm (SLMReading): The tagger's.
    llm (LLMReading | None): The language model's; None where it was not asked.
    gold (tuple[Mention, ...]): The right entities; for calibration and evaluation.
    seen (Mapping[Mention, Seen]): What the labelled sentences have of the mentions that the models
        disagree about.
    """

    window: Window
    slm: SLMReading
    llm: LLMReading | None = None
    gold: tuple[Mention, ...] = field(default=())
    seen: Mapping[Mention, Seen] = field(default_factory=dict, hash=False)
