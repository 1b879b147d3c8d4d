"""The choice of the documents that a person should review first."""

from collections.abc import Sequence
from dataclasses import dataclass

from spacy.tokens import Doc

from spacy_el4ner.pipeline.attributes import records
from spacy_el4ner.pipeline.opinions import dispute
from spacy_el4ner.types import Mention


@dataclass(frozen=True)
class Disputed:
    """A document with its disputed spans.

    doc (Doc): The document, annotated.
    id (str): Its id, or its number.
    spans (tuple[tuple[Mention, float], ...]): Its candidates with their dispute, 0 to 1, the greatest
        first.
    """

    doc: Doc
    id: str
    spans: tuple[tuple[Mention, float], ...]

    @property
    def dispute(self) -> float:
        """RETURNS (float): The dispute of its most disputed span."""
        return self.spans[0][1]


def most_disputed(docs: Sequence[Doc], limit: int) -> list[Disputed]:
    """docs (Sequence[Doc]): Annotated documents.
    limit (int): How many to choose at most; 0 for all.
    RETURNS (list[Disputed]): Those that have candidates, the one with the most disputed first.
    """
    disputed = []
    for number, doc in enumerate(docs, 1):
        spans = sorted(
            ((mention, dispute(record)) for mention, record in records(doc).items()),
            key=lambda pair: (-pair[1], pair[0]),
        )
        if spans:
            disputed.append(Disputed(doc, str(doc.user_data.get("id", number)), tuple(spans)))
    disputed.sort(key=lambda one: -one.dispute)
    return disputed[: limit or None]
