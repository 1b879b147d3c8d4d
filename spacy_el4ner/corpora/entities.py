"""Gold entities set on a document."""

from spacy.tokens import Doc, Span
from spacy.util import filter_spans

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.schemes import Spans


def set_entities(doc: Doc, spans: Spans, report: ConversionReport) -> None:
    """doc (Doc): The document; every token outside the spans becomes a gold "O".
    spans (Spans): Its entities, in tokens. Of overlapping entities the longer is kept; of equally long
        ones, the first.
    report (ConversionReport): Counts what was left out.
    """
    entities = [span for s, e, label in spans if (span := _trimmed(doc, s, e, label, report))]
    kept = filter_spans(entities)
    report.repair(reasons.ENTITY_OVERLAP, len(entities) - len(kept))
    doc.set_ents(kept, default="outside")


def _trimmed(doc: Doc, start: int, end: int, label: str, report: ConversionReport) -> Span | None:
    """The entity without white-space tokens at its edges, on which spaCy cannot train."""
    words = [t.i for t in doc[start:end] if not t.is_space]
    if len(words) < end - start and (not words or words[0] > start or words[-1] < end - 1):
        report.repair(reasons.ENTITY_SPACE)
    return Span(doc, words[0], words[-1] + 1, label=label) if words else None
