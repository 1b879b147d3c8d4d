"""What became of each document, in numbers: `doc._.el4ner["counts"]` of the ensemble."""

from collections.abc import Sequence
from typing import Any

from spacy_el4ner.backends.base import Backbone
from spacy_el4ner.stages.extraction import Extraction
from spacy_el4ner.types import Candidate


def new_counts(backbones: Sequence[Backbone]) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): A document's counts before anything was read."""
    return {
        "windows": 0,
        "windows_split": 0,
        "tokens_unread": 0,
        "split_by": {},
        "demonstrations": 0,
        "demonstrations_dropped": 0,
        "proposed": {b.name: 0 for b in backbones},
        "union": 0,
        "typed": 0,
        "verified": 0,
        "unaligned": 0,
        "unparsed": 0,
    }


def count_extraction(extraction: Extraction, counts: list[dict[str, Any]]) -> None:
    """Add what one reading proposed, and what of its answer was lost."""
    count = counts[extraction.reading.window.document]
    count["proposed"][extraction.reading.backbone.name] += len(extraction.proposals)
    count["unaligned"] += extraction.unaligned
    count["unparsed"] += extraction.unparsed


def count_unread(
    classified: Sequence[Candidate], verified: Sequence[Candidate], counts: list[dict[str, Any]]
) -> None:
    """Add the votes and verdicts of which nothing could be read."""
    for candidate in classified:
        counts[candidate.document]["unparsed"] += sum(vote.unread for vote in candidate.votes)
    for candidate in verified:
        if candidate.verdict is not None:
            counts[candidate.document]["unparsed"] += candidate.verdict.unread


def counted(stage: str, candidates: list[Candidate], counts: list[dict[str, Any]]) -> list[Candidate]:
    """RETURNS (list[Candidate]): The candidates that are left after a stage, counted."""
    for candidate in candidates:
        counts[candidate.document][stage] += 1
    return candidates
