"""Stage 2, and the zero-shot part of stage 1: which spans are entities, without types.

Each backbone extracts on its own; the candidates are the union.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from spacy_el4ner.formats.base import Format
from spacy_el4ner.stages.reading import Reading, Setting
from spacy_el4ner.types import DecodeRequest, Mention, Window
from spacy_el4ner.windows import snap


@dataclass(frozen=True)
class Proposal:
    """A span that one backbone extracted.

    document (int): Index of the document in the batch.
    start (int), end (int): Offsets in the document.
    backbone (str): Who proposes it.
    probability (float): Of the backbone's decisions to begin and to end it there.
    """

    document: int
    start: int
    end: int
    backbone: str
    probability: float


@dataclass(frozen=True)
class Extraction:
    """What came of one reading.

    proposals (tuple[Proposal, ...]): The spans.
    unaligned (int): Spans named that are not in the text.
    unparsed (int): Parts of the answer that could not be read.
    """

    reading: Reading
    proposals: tuple[Proposal, ...]
    unaligned: int = 0
    unparsed: int = 0


def extract(
    readings: Sequence[Reading], setting: Setting, seen: Sequence[Proposal] = ()
) -> list[Extraction]:
    """readings (Sequence[Reading]): What one backbone is to read.
    setting (Setting): Labels and order.
    seen (Sequence[Proposal]): What was extracted from the same texts before. It is likely to be
        extracted again, so that decoding starts from it; only speed depends on it.
    RETURNS (list[Extraction]): One a reading, in order; none of what cannot be read.
    """
    readings = [r for r in readings if not r.unread]
    if not readings:
        return []
    backbone = readings[0].backbone
    guess = _guesser(backbone.format, seen)
    requests = [
        DecodeRequest(
            backbone.wording.extraction(r.window, r.shots, setting.labels),
            backbone.format.grammar(r.window),
            guess(r.window),
        )
        for r in readings
    ]
    extractions = []
    for reading, answer in zip(readings, backbone.backend.decode(requests), strict=True):
        window = reading.window
        if answer.error:
            extractions.append(Extraction(reading, (), unparsed=1))
            continue
        parsed = backbone.format.parse(answer.text, window)
        spans: dict[tuple[int, int], float] = {}
        for m in parsed.mentions:
            # A backend that cannot be constrained may name half a token.
            span = snap(window, m.start, m.end)
            spans.setdefault(span, answer.probability(m.evidence))
        proposals = tuple(
            Proposal(window.document, window.start + s, window.start + e, backbone.name, p)
            for (s, e), p in spans.items()
        )
        extractions.append(Extraction(reading, proposals, parsed.unaligned, parsed.unparsed))
    return extractions


def _guesser(format: Format, seen: Sequence[Proposal]) -> Callable[[Window], tuple[str, ...]]:
    """RETURNS (Callable[[Window], tuple[str, ...]]): Gives the answer about a window that would propose
    what was seen there; nothing where nothing was seen at all.
    """
    found: dict[int, list[Proposal]] = {}
    for p in seen:
        found.setdefault(p.document, []).append(p)

    def guess(window: Window) -> tuple[str, ...]:
        mentions = [
            Mention(p.start - window.start, p.end - window.start)
            for p in found.get(window.document, ())
            if window.start <= p.start and p.end <= window.end
        ]
        return tuple(format.path(window, mentions)) if seen else ()

    return guess


def union(
    proposals: Iterable[Proposal],
) -> dict[tuple[int, int, int], dict[str, float]]:
    """RETURNS (dict): (document, start, end) -> backbone -> probability, in the order of the text."""
    found: dict[tuple[int, int, int], dict[str, float]] = {}
    for p in proposals:
        found.setdefault((p.document, p.start, p.end), {})[p.backbone] = p.probability
    return dict(sorted(found.items()))
