"""How likely a language model found each entity that it tagged, and each token that it left alone.

In `…归告<NR>怀王</NR>。` the category probability of 怀王 is that of the token with "N", its boundary
probability the mean of those with 告, "<", 王 and "</" (Xu et al. 2025, section 4.1.1). Tokens are
found by the characters that they hold, because a tokenizer cuts tags and text as it likes.
"""

import math
from bisect import bisect_right
from collections.abc import Iterable
from statistics import fmean

from spacy_el4ner.alignment import align_plain
from spacy_el4ner.formats.base import Parsed
from spacy_el4ner.fusion.evidence import UNKNOWN
from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.types import Answer, Mention, Window
from spacy_el4ner.windows import snap


def read_answer(answer: Answer, parsed: Parsed, window: Window) -> LLMReading:
    """answer (Answer): What the model said, as a copy of the window with typed inline tags.
    parsed (Parsed): What that format reads in it.
    window (Window): What was to be tagged.
    RETURNS (LLMReading): Its entities and how likely they are. Where the transport gives no
        probabilities, each of them is 0.5, and the reading is marked as estimated. A token that a free
        answer leaves out has 0.5 too.
    """
    if answer.error:
        return LLMReading(error=answer.error)
    parts = _Parts(answer)
    copied = _copied(parts, parsed, window)
    mentions: list[LLMMention] = []
    for found in parsed.mentions:
        # A model that cannot be constrained may tag half a token.
        start, end = snap(window, found.start, found.end)
        if mentions and start < mentions[-1].mention.end:
            continue
        (opening, _), (closing, _) = found.evidence
        category = parts.probability([parts.holding(opening + 1)])
        boundary = parts.probability(_four(parts, opening, closing))
        mentions.append(LLMMention(Mention(start, end, found.label), category, boundary))
        begun = parts.probability([parts.holding(opening)])
        for n, (s, e) in enumerate(window.tokens):
            if s < end and start < e:
                copied[n] = 1 - begun
    return LLMReading(tuple(mentions), tuple(copied), estimated=not answer.logprobs)


class _Parts:
    """An answer cut where its tokens begin. Tokens that begin together, such as the bytes of a
    character, are one part, which is as likely as all of them.

    answer (Answer): It.
    """

    def __init__(self, answer: Answer):
        self.text = answer.text
        sums: dict[int, float] = {}
        for offset, logprob in zip(answer.offsets, answer.logprobs, strict=bool(answer.logprobs)):
            sums[offset] = sums.get(offset, 0.0) + logprob
        self._starts = sorted(sums)
        self._probabilities = [min(math.exp(sums[start]), 1.0) for start in self._starts]

    def holding(self, at: int) -> int:
        """RETURNS (int): The part that holds a character; -1 where there is none."""
        return bisect_right(self._starts, at) - 1

    def before(self, at: int) -> int:
        """RETURNS (int): The part that holds the last character before another one, white space not
        counted; -1 where there is none.
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
    """The tokens before an opening tag, at its beginning, before the closing tag, and at its beginning.
    At the beginning of the answer there is none before.
    """
    return [place for at in (opening, closing) for place in (parts.before(at), parts.holding(at))]


def _copied(parts: _Parts, parsed: Parsed, window: Window) -> list[float]:
    """The probability with which each token of the window was copied."""
    source = _places(parts.text, parsed, window)
    found = []
    for start, end in window.tokens:
        places = [source.get(n) for n in range(start, end)]
        whole = all(place is not None for place in places)
        held = [parts.holding(place) for place in places if place is not None]
        found.append(parts.joint(held) if whole else UNKNOWN)
    return found


def _places(text: str, parsed: Parsed, window: Window) -> dict[int, int]:
    """Where each character of the window stands in the answer."""
    tags = {n for mention in parsed.mentions for tag in mention.evidence for n in range(*tag)}
    kept = [n for n in range(len(text)) if n not in tags]
    plain = "".join(text[n] for n in kept)
    if plain == window.text:
        return dict(enumerate(kept))
    aligned = align_plain(plain, window.text, [(n, n + 1) for n in range(len(plain))])
    return {span[0]: at for at, span in zip(kept, aligned, strict=True) if span is not None}
