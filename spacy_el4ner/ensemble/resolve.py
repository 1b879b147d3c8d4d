"""Overlapping candidates into entities that do not overlap."""

from collections.abc import Iterable

from spacy_el4ner.types import Candidate


def resolve(candidates: Iterable[Candidate], taken: Iterable[tuple[int, int]] = ()) -> list[Candidate]:
    """candidates (Iterable[Candidate]): Typed candidates of one document.
    taken (Iterable[tuple[int, int]]): Offsets of entities that stay whatever is found.
    RETURNS (list[Candidate]): The most confident ones that overlap neither each other nor what is
        taken, in the order of the text. Of equals, the one proposed by more backbones wins, then the
        longer, then the earlier one.
    """
    occupied = list(taken)
    chosen: list[Candidate] = []
    for candidate in sorted(candidates, key=_rank):
        if all(candidate.end <= start or end <= candidate.start for start, end in occupied):
            occupied.append((candidate.start, candidate.end))
            chosen.append(candidate)
    return sorted(chosen, key=lambda c: c.start)


def _rank(candidate: Candidate) -> tuple[float, int, int, int, str]:
    length = candidate.end - candidate.start
    return (
        -round(candidate.confidence, 9),
        -len(candidate.proposals),
        -length,
        candidate.start,
        candidate.label,
    )
