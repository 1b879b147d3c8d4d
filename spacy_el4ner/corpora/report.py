"""Counts of what a conversion read, and of what it repaired or skipped."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from spacy.tokens import Doc

# What was wrong: what was done about it.
BAD_BYTES = "bytes that are not UTF-8: replaced by U+FFFD"
BLANK_LABEL = "tag without a label: read as O"
BOM = "byte order mark at the start of a line: removed"
COMMENT = "comment line: skipped"
DISCONTINUOUS = "entity in several pieces: skipped"
DOCUMENT_MARK = "document mark (-DOCSTART-): read as a blank line"
ENTITY_MISALIGNED = "entity not at token boundaries: widened to them"
ENTITY_MISMATCH = "entity whose own text differs from the text at its offsets: skipped"
ENTITY_OUTSIDE = "entity with offsets outside the text, or empty: skipped"
ENTITY_OVERLAP = "entity that overlaps a longer one: skipped"
ENTITY_SPACE = "white space at the edges of an entity: left out of it"
ENTITY_UNLABELLED = "region without a label: skipped"
ENTITY_UNREADABLE = "entity that is not a start, an end and a label: skipped"
LONE_SURROGATE = "half of a surrogate pair: replaced by U+FFFD"
LONG_BLOCK = "block too long for one document: cut after its sentences"
MULTIWORD = "multiword range or empty node of CoNLL-U: skipped"
NO_ANNOTATION = "document without annotation: skipped"
NO_ENTITIES = "object without a list of entities: read as having none"
NO_TAG = "missing or blank tag: read as O"
NO_TEXT = "object without a text: skipped"
NO_TOKEN = "line with a tag but no token: skipped"
NOT_ACCEPTED = "object that its annotator rejected or ignored: skipped"
NOT_AN_OBJECT = "line that is not a JSON object: skipped"
SENTENCE_UNREADABLE = "sentence that is not a start and an end in the text: skipped"
SURPLUS_FIELDS = "line with more fields than the others: the surplus read as part of its token or label"
TAGS_UNEVEN = "object with more tokens than tags, or fewer: skipped"
TOKEN_SPACE = "white space around a token: removed"
UNBEGUN = "inside or end tag that no tag of its label leads up to: begins an entity"
UNCLOSED = "entity without its end tag: closed where it stops"
UNKNOWN_TAG = "unknown tag: read as O"

LOST_ENTITIES = (
    BLANK_LABEL,
    DISCONTINUOUS,
    ENTITY_MISMATCH,
    ENTITY_OUTSIDE,
    ENTITY_UNLABELLED,
    ENTITY_UNREADABLE,
    UNKNOWN_TAG,
)
"""Repairs each of which may have cost an entity."""
LOST_DOCUMENTS = (NO_ENTITIES, NO_TEXT, NOT_AN_OBJECT, TAGS_UNEVEN)
"""Repairs each of which cost a document its annotation."""


@dataclass
class ConversionReport:
    """The counts of a conversion.

    documents (int), tokens (int), entities (int): How many were read.
    sentences (int): How many the corpus marks; 0 if it marks none.
    labels (dict[str, int]): Label -> number of its entities.
    repairs (dict[str, int]): What was repaired or skipped -> how often.
    notes (list[str]): How the file was read: its format and layout, and files left aside.
    """

    documents: int = 0
    sentences: int = 0
    tokens: int = 0
    entities: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)

    def repair(self, reason: str, times: int = 1) -> None:
        """Count a repair.

        reason (str): What was repaired or skipped.
        times (int): How often; nothing is counted for 0.
        """
        if times:
            self.repairs[reason] = self.repairs.get(reason, 0) + times

    def count(self, *reasons: str) -> int:
        """reasons (str): Repairs.
        RETURNS (int): How often they were made, together.
        """
        return sum(self.repairs.get(reason, 0) for reason in reasons)

    def add(self, docs: Iterable[Doc]) -> None:
        """Count what documents hold.

        docs (Iterable[Doc]): The documents, with gold entities.
        """
        for doc in docs:
            self.documents += 1
            self.tokens += len(doc)
            self.entities += len(doc.ents)
            if doc.has_annotation("SENT_START"):
                self.sentences += sum(1 for _ in doc.sents)
            for ent in doc.ents:
                self.labels[ent.label_] = self.labels.get(ent.label_, 0) + 1

    def lines(self) -> list[str]:
        """RETURNS (list[str]): The report in words: totals, labels, repairs and notes."""
        return [*self.totals(), *self.repair_lines(), *self.notes]

    def totals(self) -> list[str]:
        """RETURNS (list[str]): How much was read, and the labels."""
        sentences = str(self.sentences) if self.sentences else "not marked"
        totals = (
            f"documents: {self.documents}, sentences: {sentences}, tokens: {self.tokens}, "
            f"entities: {self.entities}"
        )
        labels = ", ".join(f"{label} {n}" for label, n in sorted(self.labels.items()))
        return [totals, f"labels: {labels or 'none'}"]

    def repair_lines(self) -> list[str]:
        """RETURNS (list[str]): Each repair and how often it was made."""
        return [f"{reason}: {n}" for reason, n in sorted(self.repairs.items())]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The report as plain data."""
        return asdict(self)
