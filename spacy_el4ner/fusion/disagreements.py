"""Where two readings of a window say the same, and where they do not.

The mentions of both are the nodes of a graph, with an edge between any two that overlap. A connected
part of it is either one mention that both models have (neither can have another one that overlaps it)
or a disagreement. Taking one side's mentions in each part gives entities that do not overlap, without
half an entity of one model glued to half of the other's.
"""

from dataclasses import dataclass

from spacy_el4ner.fusion.readings import Case, LLMMention
from spacy_el4ner.types import Mention, Window

BOUNDARY, CATEGORY = "boundary", "category"


@dataclass(frozen=True)
class Agreement:
    """A mention that both models have.

    slm (Mention): It.
    probability (float): The tagger's for it.
    llm (LLMMention): The same, as the language model has it.
    """

    slm: Mention
    probability: float
    llm: LLMMention


@dataclass(frozen=True)
class Disagreement:
    """Mentions of two models that overlap, directly or through others, and are not the same.

    slm (tuple[Mention, ...]): The tagger's, in order; empty where it sees no entity.
    probabilities (tuple[float, ...]): Of each of them.
    llm (tuple[LLMMention, ...]): The language model's, in order; empty where it sees no entity.
    tokens (range): Indices of the window's tokens that they cover.
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


def compare(case: Case) -> list[Agreement | Disagreement]:
    """case (Case): Both readings; the language model was asked.
    RETURNS (list[Agreement | Disagreement]): What they agree and disagree about, in the order of the
        text. Each mention of either reading is in exactly one of them.
    """
    if case.llm is None:
        raise ValueError("there is one reading only")
    slm = list(zip(case.slm.mentions, case.slm.probabilities, strict=True))
    groups: list[tuple[list[tuple[Mention, float]], list[LLMMention]]] = []
    reached = 0
    for mention, side in sorted(
        [(m, n) for n, (m, _) in enumerate(slm)]
        + [(m.mention, len(slm) + n) for n, m in enumerate(case.llm.mentions)]
    ):
        if not groups or mention.start >= reached:
            groups.append(([], []))
        reached = max(reached, mention.end)
        if side < len(slm):
            groups[-1][0].append(slm[side])
        else:
            groups[-1][1].append(case.llm.mentions[side - len(slm)])
    return [_settle(case.window, *group) for group in groups]


def disagreements(case: Case) -> list[Disagreement]:
    """case (Case): Both readings, or one.
    RETURNS (list[Disagreement]): What is to be decided, in the order of the text; nothing where the
        language model was not asked or gave no reading.
    """
    if case.llm is None or case.llm.error:
        return []
    return [group for group in compare(case) if isinstance(group, Disagreement)]


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
    """RETURNS (range): Indices of the window's tokens between two of its characters."""
    covered = [n for n, (s, e) in enumerate(window.tokens) if s < end and start < e]
    return range(covered[0], covered[-1] + 1) if covered else range(0)


def words_of(window: Window, mention: Mention) -> list[str]:
    """RETURNS (list[str]): The window's tokens that a mention consists of."""
    tokens = tokens_of(window, mention.start, mention.end)
    return [window.text[s:e] for s, e in window.tokens[tokens.start : tokens.stop]]
