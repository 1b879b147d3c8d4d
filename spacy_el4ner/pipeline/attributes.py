"""Extension attributes of documents and spans, and the record behind them.

The record is plain data in `doc._.el4ner`, so that it survives `to_bytes`, `DocBin` and pickling. The
attributes of spans are getters on that record, because spaCy keys the values of a span's own
attributes by its offsets alone, and two candidates can share them.
"""

import math
import warnings
from collections.abc import Mapping
from typing import Any

from spacy.tokens import Doc, Span

from spacy_el4ner.ensemble.confidence import raw_confidence
from spacy_el4ner.errors import EL4NERValueError, Errors, Warnings
from spacy_el4ner.types import Candidate, Mention

CARRIED = "el4ner_confidence"
"""Name under which a document keeps the confidences of its spans, by their offsets."""


def warned(counts: Mapping[str, Any], codes: Mapping[str, str]) -> list[str]:
    """counts (Mapping[str, Any]): The counts of one document.
    codes (Mapping[str, str]): Name of a count -> the code of its warning.
    RETURNS (list[str]): The codes of the warnings that were given.
    """
    return [code for name, code in codes.items() if counts[name]]


def register() -> None:
    """Make `doc._.el4ner`, `span._.confidence` and `span._.provenance` known to spaCy. Attributes
    that another package has registered stay its own, with the warning WL249.

    RAISES (ValueError): EL311, `doc._.el4ner` is another package's.
    """
    if not Doc.has_extension("el4ner"):
        Doc.set_extension("el4ner", default=None)
    elif Doc.get_extension("el4ner") != (None, None, None, None):
        raise EL4NERValueError(Errors.EL311)
    for name, getter in (("confidence", confidence), ("provenance", provenance)):
        if not Span.has_extension(name):
            Span.set_extension(name, getter=getter)
        elif Span.get_extension(name)[2] is not getter:
            warnings.warn(Warnings.WL249.format(name=name), stacklevel=2)


def key(start: int, end: int, label: str) -> str:
    """start (int), end (int): Offsets of a span, in characters.
    label (str): Its label.
    RETURNS (str): The key of its record.
    """
    return f"{start}:{end}:{label}"


def key_of(span: Span) -> str:
    """span (Span): A span.
    RETURNS (str): The key of its record.
    """
    return key(span.start_char, span.end_char, span.label_)


def notes(doc: Doc) -> Mapping[str, Any]:
    """doc (Doc): A document.
    RETURNS (Mapping[str, Any]): `doc._.el4ner`; empty if no component of this package has run.
    """
    place: Any = ("._.", "el4ner", None, None)
    return doc.user_data.get(place) or {}


def forget(doc: Doc) -> None:
    """doc (Doc): A document, from which everything that this package noted is removed."""
    data: dict[Any, Any] = doc.user_data
    for place in [place for place in data if _name(place) in ("el4ner", CARRIED)]:
        del data[place]


def keep_confidences(doc: Doc, spans: Mapping[str, Mapping[str, Any]]) -> None:
    """Note the confidences once more where spaCy takes them along into a document that is made of
    a part of this one (`span.as_doc(copy_user_data=True)`) or of several (`Doc.from_docs`).

    doc (Doc): A document.
    spans (Mapping[str, Mapping[str, Any]]): Key of a span -> its record.
    """
    data: dict[Any, Any] = doc.user_data
    for place in [place for place in data if _name(place) == CARRIED]:
        del data[place]
    for place, kept in spans.items():
        start, end, label = place.split(":", 2)
        data.setdefault(("._.", CARRIED, int(start), int(end)), {})[label] = kept["confidence"]


def kept(doc: Doc) -> dict[str, Any]:
    """doc (Doc): A document.
    RETURNS (dict[str, Any]): The records, by another component of this package, of spans that are still
        in the document.
    """
    there = {key_of(span) for group in (doc.ents, *doc.spans.values()) for span in group}
    before = (doc._.el4ner or {}).get("spans", {})
    return {place: record for place, record in before.items() if place in there}


def records(doc: Doc) -> dict[Mention, Mapping[str, Any]]:
    """doc (Doc): A document.
    RETURNS (dict[Mention, Mapping[str, Any]]): The record of each span; empty if no component of this
        package has run.
    """
    records_by_span = {}
    for place, kept in notes(doc).get("spans", {}).items():
        start, end, label = place.split(":", 2)
        records_by_span[Mention(int(start), int(end), label)] = kept
    return records_by_span


def record(candidate: Candidate) -> dict[str, Any]:
    """candidate (Candidate): A candidate of an ensemble.
    RETURNS (dict[str, Any]): Its confidence and provenance as plain data.
    """
    verdict = candidate.verdict
    return {
        "confidence": candidate.confidence,
        "provenance": {
            "raw": raw_confidence(candidate),
            "proposed_by": {
                name: None if math.isnan(p) else p for name, p in candidate.proposals.items()
            },
            "proposed_by_raw": dict(candidate.raw),
            "votes": [
                {
                    "voter": vote.voter,
                    "label": vote.label,
                    "probability": vote.probability,
                    "probabilities": dict(vote.probabilities),
                    "estimated": vote.estimated,
                    "extracted": vote.extracted,
                    "abstained": vote.abstained,
                    "raw": dict(vote.raw),
                }
                for vote in candidate.votes
            ],
            "verification": None
            if verdict is None
            else {
                "voter": verdict.voter,
                "true": verdict.true,
                "probability": verdict.probability,
                "estimated": verdict.estimated,
                "raw": verdict.raw,
            },
            "demonstrations": list(candidate.demonstrations),
        },
    }


def confidence(span: Span) -> float | None:
    """span (Span): A span.
    RETURNS (float | None): Its confidence, also if its document is made of parts of others; None if no
        component of this package found it. `span._.confidence`.
    """
    place: Any = ("._.", CARRIED, span.start_char, span.end_char)
    carried: Mapping[str, float] = span.doc.user_data.get(place) or {}
    return carried.get(span.label_, _record(span).get("confidence"))


def provenance(span: Span) -> dict[str, Any] | None:
    """span (Span): A span.
    RETURNS (dict[str, Any] | None): Where it comes from; None if no component of this package found it
        in this document. `span._.provenance`.
    """
    return _record(span).get("provenance")


def _record(span: Span) -> Mapping[str, Any]:
    """The record of a span; empty if its document has none, or has those of another document."""
    data = notes(span.doc)
    if data.get("characters", len(span.doc.text)) != len(span.doc.text):
        return {}
    record: Mapping[str, Any] = data.get("spans", {}).get(key_of(span), {})
    return record


def _name(place: Any) -> Any:
    """The name of an extension attribute, by a key of `doc.user_data`; None for other keys."""
    return place[1] if isinstance(place, tuple) and len(place) == 4 and place[0] == "._." else None
