"""The silver documents: what a student learns of its teacher's annotations.

An entity below the least confidence is neither taken as an entity nor as none: its tokens are marked as
missing annotation, which spaCy's losses and scores skip. To leave out the whole sentence would lose its
other entities, and would keep sentences with few entities rather than those with many, so that the
student would find too few.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from spacy.tokens import Doc, Span

from spacy_el4ner.corpora import unannotated
from spacy_el4ner.pipeline.attributes import confidence


@dataclass(frozen=True)
class Silver:
    """The annotations of a teacher that are kept.

    docs (list[Doc]): The documents, with confident entities and missing annotation.
    entities (int): Number of entities that are kept.
    uncertain (int): Number of entities whose tokens are marked as missing annotation.
    """

    docs: list[Doc]
    entities: int
    uncertain: int


def confident(docs: Iterable[Doc], min_confidence: float) -> Silver:
    """docs (Iterable[Doc]): Documents that a teacher annotated; those that failed are left out.
    min_confidence (float): The least confidence of an entity that is kept, 0 to 1. Entities without a
        confidence, which other components found, are kept.
    RETURNS (Silver): Documents with nothing but tokens, sentences and entities.
    """
    silver, entities, uncertain = [], 0, 0
    for doc in docs:
        if not len(doc) or "error" in doc.user_data:
            continue
        sure = [ent for ent in doc.ents if _is_confident(ent, min_confidence)]
        silver.append(_only(doc, sure))
        entities += len(sure)
        uncertain += len(doc.ents) - len(sure)
    return Silver(silver, entities, uncertain)


def _is_confident(ent: Span, least: float) -> bool:
    sure = confidence(ent)
    return sure is None or sure >= least


def _only(doc: Doc, sure: list[Span]) -> Doc:
    """A copy with some of the entities; of the tokens of the others nothing is known."""
    copy = unannotated(doc)
    kept = {(ent.start, ent.end) for ent in sure}
    spans = {(ent.start, ent.end): Span(copy, ent.start, ent.end, ent.label_) for ent in doc.ents}
    copy.set_ents(
        [span for place, span in spans.items() if place in kept],
        missing=[span for place, span in spans.items() if place not in kept],
        default="outside",
    )
    return copy
