"""What a user reads on documents and entities, and where it is kept.

All of it is plain data in `doc._.el4ner`, so that it survives `to_bytes`, `DocBin` and pickling. The
attributes of spans are getters on that record, because spaCy keys the values of a span's own
attributes by its offsets alone, and two candidates can share them.
"""

import math
from collections.abc import Mapping
from typing import Any

from spacy.tokens import Doc, Span

from spacy_el4ner.types import Candidate, Mention


def warned(counts: Mapping[str, Any], codes: Mapping[str, str]) -> list[str]:
    """counts (Mapping[str, Any]): Of one document.
    codes (Mapping[str, str]): Name of a count -> the code of the warning that tells of it.
    RETURNS (list[str]): The codes of what was warned of.
    """
    return [code for name, code in codes.items() if counts[name]]


def register() -> None:
    """Make `doc._.el4ner`, `span._.confidence` and `span._.provenance` known to spaCy."""
    if not Doc.has_extension("el4ner"):
        Doc.set_extension("el4ner", default=None)
    if not Span.has_extension("confidence"):
        Span.set_extension("confidence", getter=_confidence)
    if not Span.has_extension("provenance"):
        Span.set_extension("provenance", getter=_provenance)


def key(start: int, end: int, label: str) -> str:
    """RETURNS (str): Where the record of a span stands, by its character offsets and label."""
    return f"{start}:{end}:{label}"


def key_of(span: Span) -> str:
    """RETURNS (str): The same, of a span."""
    return key(span.start_char, span.end_char, span.label_)


def kept(doc: Doc) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): The records of spans that are still in the document, as where another
    component of this package was there before.
    """
    there = {key_of(span) for group in (doc.ents, *doc.spans.values()) for span in group}
    before = (doc._.el4ner or {}).get("spans", {})
    return {place: record for place, record in before.items() if place in there}


def records(doc: Doc) -> dict[Mention, Mapping[str, Any]]:
    """RETURNS (dict[Mention, Mapping[str, Any]]): What a component recorded of each of its spans; empty
    where no component of this package was there.
    """
    register()
    found = {}
    for place, kept in (doc._.el4ner or {}).get("spans", {}).items():
        start, end, label = place.split(":", 2)
        found[Mention(int(start), int(end), label)] = kept
    return found


def record(candidate: Candidate) -> dict[str, Any]:
    """RETURNS (dict[str, Any]): Confidence and provenance of a candidate as plain data."""
    verdict = candidate.verdict
    return {
        "confidence": candidate.confidence,
        "provenance": {
            "proposed_by": {
                name: None if math.isnan(p) else p for name, p in candidate.proposals.items()
            },
            "votes": [
                {
                    "backbone": vote.backbone,
                    "label": vote.label,
                    "probability": vote.probability,
                    "probabilities": dict(vote.probabilities),
                    "estimated": vote.estimated,
                    "extracted": vote.extracted,
                }
                for vote in candidate.votes
            ],
            "verification": None
            if verdict is None
            else {
                "backbone": verdict.backbone,
                "true": verdict.true,
                "probability": verdict.probability,
                "estimated": verdict.estimated,
            },
            "demonstrations": list(candidate.demonstrations),
        },
    }


def _find(span: Span, what: str) -> Any:
    data = span.doc._.el4ner or {}
    found = data.get("spans", {}).get(key_of(span))
    return None if found is None else found[what]


def _confidence(span: Span) -> float | None:
    return _find(span, "confidence")  # type: ignore[no-any-return]


def _provenance(span: Span) -> dict[str, Any] | None:
    return _find(span, "provenance")  # type: ignore[no-any-return]
