"""The choice among overlapping candidates."""

from collections.abc import Iterable

from spacy_el4ner.ensemble.confidence import raw_confidence
from spacy_el4ner.types import Candidate


def resolve(candidates: Iterable[Candidate], taken: Iterable[tuple[int, int]] = ()) -> list[Candidate]:
    """candidates (Iterable[Candidate]): Typed candidates of one document.
    taken (Iterable[tuple[int, int]]): Offsets of entities that are kept in any case.
    RETURNS (list[Candidate]): The candidates that overlap neither each other nor the entities kept, in
        the order of the text. Of overlapping ones, that with the greatest sum of its confidence and the
        share of the voters that extracted it wins; of equals, the longer, then the earlier one. Voters
        that abstain on a candidate are left out of its share. The confidence is the raw one, so that a
        calibration changes no entity.
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
    # Votes on the label say little about the boundaries; several voters that found the same ones do.
    abstaining = {vote.voter for vote in candidate.votes if vote.abstained}
    proposing = len(candidate.proposals.keys() - abstaining)
    agreement = proposing / max(1, len(candidate.votes) - len(abstaining))
    return (
        -round(raw_confidence(candidate) + agreement, 9),
        -length,
        candidate.start,
        candidate.label,
    )
