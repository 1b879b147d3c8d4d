"""Agreements and disagreements of two readings of a window.

The mentions of both readings are the nodes of a graph, with an edge between any two that overlap. A
connected component is either one mention that both models have (neither can have another that overlaps
it) or a disagreement. Taking one side's mentions in each component gives entities that do not overlap,
and never joins half an entity of one model to half of the other's.
"""

from dataclasses import dataclass

from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.slm.reading import SLMReading
from spacy_el4ner.types import Mention, Window

BOUNDARY, CATEGORY = "boundary", "category"


@dataclass(frozen=True)
class Agreement:
    """A mention that both models have.

    slm (Mention): The mention.
    probability (float): The tagger's probability of it, 0 to 1.
    llm (LLMMention): The same mention with the language model's probabilities.
    """

    slm: Mention
    probability: float
    llm: LLMMention


@dataclass(frozen=True)
class Disagreement:
    """Mentions of two models that overlap, directly or through others, and are not the same.

    slm (tuple[Mention, ...]): The tagger's mentions, in order; empty where it sees no entity.
    probabilities (tuple[float, ...]): The tagger's probability of each of them, 0 to 1.
    llm (tuple[LLMMention, ...]): The language model's mentions, in order; empty where it sees none.
    tokens (range): Indices of the window's tokens that the mentions cover.
    """

    slm: tuple[Mention, ...]
    probabilities: tuple[float, ...]
    llm: tuple[LLMMention, ...]
    tokens: range

    @property
    def kind(self) -> str:
        """RETURNS (str): "category" where the spans are the same and the labels are not, else
        "boundary".
        """
        spans = [(m.start, m.end) for m in self.slm]
        same = spans == [(m.mention.start, m.mention.end) for m in self.llm]
        return CATEGORY if same else BOUNDARY


def compare(
    window: Window, slm_reading: SLMReading, llm_reading: LLMReading
) -> list[Agreement | Disagreement]:
    """window (Window): The window.
    slm_reading (SLMReading): The tagger's reading of it.
    llm_reading (LLMReading): The language model's reading of it.
    RETURNS (list[Agreement | Disagreement]): Their agreements and disagreements, in the order of the
        text. Each mention of either reading is in exactly one of them.
    """
    slm = list(zip(slm_reading.mentions, slm_reading.probabilities, strict=True))
    groups: list[tuple[list[tuple[Mention, float]], list[LLMMention]]] = []
    reached = 0
    for mention, side in sorted(
        [(m, n) for n, (m, _) in enumerate(slm)]
        + [(m.mention, len(slm) + n) for n, m in enumerate(llm_reading.mentions)]
    ):
        if not groups or mention.start >= reached:
            groups.append(([], []))
        reached = max(reached, mention.end)
        if side < len(slm):
            groups[-1][0].append(slm[side])
        else:
            groups[-1][1].append(llm_reading.mentions[side - len(slm)])
    return [_settle(window, *group) for group in groups]


def _settle(
    window: Window, slm: list[tuple[Mention, float]], llm: list[LLMMention]
) -> Agreement | Disagreement:
    if len(slm) == len(llm) == 1 and slm[0][0] == llm[0].mention:
        return Agreement(slm[0][0], slm[0][1], llm[0])
    mentions = [m for m, _ in slm] + [m.mention for m in llm]
    start, end = min(m.start for m in mentions), max(m.end for m in mentions)
    return Disagreement(
        tuple(m for m, _ in slm),
        tuple(p for _, p in slm),
        tuple(llm),
        tokens_of(window, start, end),
    )


def tokens_of(window: Window, start: int, end: int) -> range:
    """window (Window): The window.
    start (int): Offset of the first character.
    end (int): Offset one past the last character.
    RETURNS (range): Indices of the window's tokens that overlap these characters.
    """
    covered = [n for n, (s, e) in enumerate(window.tokens) if s < end and start < e]
    return range(covered[0], covered[-1] + 1) if covered else range(0)


def words_of(window: Window, mention: Mention) -> list[str]:
    """window (Window): The window.
    mention (Mention): A mention in it.
    RETURNS (list[str]): The text of the tokens that the mention consists of.
    """
    tokens = tokens_of(window, mention.start, mention.end)
    return [window.text[s:e] for s, e in window.tokens[tokens.start : tokens.stop]]
