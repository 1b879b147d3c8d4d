"""Overlapping candidates into entities that do not overlap."""

from collections.abc import Iterable

from spacy_el4ner.types import Candidate


def resolve(candidates: Iterable[Candidate], taken: Iterable[tuple[int, int]] = ()) -> list[Candidate]:
    """candidates (Iterable[Candidate]): Typed candidates of one document.
    taken (Iterable[tuple[int, int]]): Offsets of entities that stay whatever is found.
    RETURNS (list[Candidate]): Those that overlap neither each other nor what is taken, in the order of
        the text. Of overlapping ones, that with the greatest sum of its confidence and the share of the
        voters that extracted it wins; of equals the longer, then the earlier one.
    """
    occupied = list(taken)
    chosen: list[Candidate] = []
    for candidate in sorted(candidates, key=_rank):
        if all(candidate.end <= start or end <= candidate.start for start, end in occupied):
            occupied.append((candidate.start, candidate.end))
            chosen.append(candidate)
    return sorted(chosen, key=lambda c: c.start)


def _rank(candidate: Candidate) -> tuple[float, int, int, str]:
    length = candidate.end - candidate.start
    # How backbones type a span says little of its boundaries; that several found the same ones does.
    agreement = len(candidate.proposals) / max(1, len(candidate.votes))
    return (
        -round(candidate.confidence + agreement, 9),
        -length,
        candidate.start,
        candidate.label,
    )
