"""Probabilities of the entities that a language model tagged, and of the tokens that it copied.

In `…归告<NR>怀王</NR>。` the category probability of 怀王 is that of the token with "N", its boundary
probability the mean of those with 告, "<", 王 and "</" (Xu et al. 2025, section 4.1.1). Tokens are
located by the characters that they contain, because a tokenizer may split tags and text anywhere.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable
from statistics import fmean

from spacy_el4ner.formats.base import Parsed
from spacy_el4ner.fusion.evidence import UNKNOWN
from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.text.alignment import align_plain
from spacy_el4ner.text.windows import snap
from spacy_el4ner.types import Answer, Mention, Window


def read_answer(answer: Answer, parsed: Parsed, window: Window) -> LLMReading:
    """answer (Answer): The model's answer: a copy of the window with inline tags.
    parsed (Parsed): The answer as parsed by the format.
    window (Window): The window to be tagged.
    RETURNS (LLMReading): Its entities with their probabilities. If the transport gives no
        probabilities, each of them is 0.5, and the reading is marked as estimated. A token that an
        unconstrained answer leaves out has 0.5 too.
    """
    if answer.error:
        return LLMReading(error=answer.error)
    parts = _Parts(answer)
    copied = _copied(parts, parsed, window)
    mentions: list[LLMMention] = []
    for mention in parsed.mentions:
        # A model that cannot be constrained may tag half a token.
        start, end = snap(window, mention.start, mention.end)
        if mentions and start < mentions[-1].mention.end:
            continue
        (opening, _), (closing, _) = mention.evidence
        category = parts.probability([parts.holding(opening + 1)])
        boundary = parts.probability(_four(parts, opening, closing))
        mentions.append(LLMMention(Mention(start, end, mention.label), category, boundary))
        begun = parts.probability([parts.holding(opening)])
        for n, (s, e) in enumerate(window.tokens):
            if s < end and start < e:
                copied[n] = 1 - begun
    return LLMReading(tuple(mentions), tuple(copied), estimated=not answer.logprobs)


class _Parts:
    """An answer cut where its tokens begin. Tokens that begin at the same character, such as its bytes,
    are one part with the product of their probabilities.

    answer (Answer): The answer.
    """

    def __init__(self, answer: Answer):
        self.text = answer.text
        sums: dict[int, float] = {}
        for offset, logprob in zip(answer.offsets, answer.logprobs, strict=bool(answer.logprobs)):
            sums[offset] = sums.get(offset, 0.0) + logprob
        self._starts = sorted(sums)
        self._probabilities = [min(math.exp(sums[start]), 1.0) for start in self._starts]

    def holding(self, at: int) -> int:
        """RETURNS (int): The part with this character; -1 if there is none."""
        return bisect_right(self._starts, at) - 1

    def before(self, at: int) -> int:
        """RETURNS (int): The part with the last character before this one, ignoring white space; -1 if
        there is none.
        """
        return self.holding(len(self.text[:at].rstrip()) - 1)

    def probability(self, parts: Iterable[int]) -> float:
        """RETURNS (float): Mean probability of some parts, each counted once."""
        known = [self._probabilities[part] for part in set(parts) if part >= 0]
        return fmean(known) if known else UNKNOWN

    def joint(self, parts: Iterable[int]) -> float:
        """RETURNS (float): Probability of all of some parts."""
        known = [self._probabilities[part] for part in set(parts) if part >= 0]
        return math.prod(known) if known else UNKNOWN


def _four(parts: _Parts, opening: int, closing: int) -> list[int]:
    """The tokens before and at the beginning of the opening tag, and likewise of the closing tag. At
    the beginning of the answer the first is missing.
    """
    return [place for at in (opening, closing) for place in (parts.before(at), parts.holding(at))]


def _copied(parts: _Parts, parsed: Parsed, window: Window) -> list[float]:
    """The probability with which each token of the window was copied."""
    source = _places(parts.text, parsed, window)
    probabilities = []
    for start, end in window.tokens:
        places = [source.get(n) for n in range(start, end)]
        whole = all(place is not None for place in places)
        held = [parts.holding(place) for place in places if place is not None]
        probabilities.append(parts.joint(held) if whole else UNKNOWN)
    return probabilities


def _places(text: str, parsed: Parsed, window: Window) -> dict[int, int]:
    """The position in the answer of each character of the window."""
    tags = {n for mention in parsed.mentions for tag in mention.evidence for n in range(*tag)}
    kept = [n for n in range(len(text)) if n not in tags]
    plain = "".join(text[n] for n in kept)
    if plain == window.text:
        return dict(enumerate(kept))
    aligned = align_plain(plain, window.text, [(n, n + 1) for n in range(len(plain))])
    return {span[0]: at for at, span in zip(kept, aligned, strict=True) if span is not None}
