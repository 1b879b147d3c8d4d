"""What was read, and what had to be repaired or skipped on the way."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from typing import Any

from spacy.tokens import Doc

# What happened -> what was done about it.
BAD_BYTES = "bytes that are not UTF-8: replaced by U+FFFD"
BLANK_LABEL = "tag without a label: read as O"
BOM = "byte order mark at the start of a line: removed"
COMMENT = "comment line: skipped"
DOCUMENT_MARK = "document mark (-DOCSTART-): read as a blank line"
ENTITY_MISALIGNED = "entity not at token boundaries: widened to them"
ENTITY_OUTSIDE = "entity with offsets outside the text, or empty: skipped"
ENTITY_OVERLAP = "entity that overlaps a longer one: skipped"
ENTITY_SPACE = "white space at the edges of an entity: left out of it"
ENTITY_UNREADABLE = "entity that is not a start, an end and a label: skipped"
LONE_SURROGATE = "half of a surrogate pair: replaced by U+FFFD"
LONG_BLOCK = "block too long for one document: cut after its sentences"
NO_ENTITIES = "object without a list of entities: read as having none"
NO_TAG = "missing or blank tag: read as O"
NO_TEXT = "object without a text: skipped"
NO_TOKEN = "line with a tag but no token: skipped"
NOT_ACCEPTED = "object that its annotator rejected or ignored: skipped"
NOT_AN_OBJECT = "line that is not a JSON object: skipped"
SENTENCE_UNREADABLE = "sentence that is not a start and an end in the text: skipped"
TOKEN_SPACE = "white space around a token: removed"
UNBEGUN = "inside or end tag that no tag of its label leads up to: begins an entity"
UNCLOSED = "entity without its end tag: closed where it stops"
UNKNOWN_TAG = "unknown tag: read as O"


@dataclass
class Report:
    """Counts.

    documents (int), tokens (int), entities (int): How many were read.
    sentences (int): How many the corpus marks; 0 where it marks none.
    labels (dict[str, int]): Entities a label.
    repairs (dict[str, int]): What was repaired or skipped, and why -> how often.
    """

    documents: int = 0
    sentences: int = 0
    tokens: int = 0
    entities: int = 0
    labels: dict[str, int] = field(default_factory=dict)
    repairs: dict[str, int] = field(default_factory=dict)

    def repair(self, reason: str, times: int = 1) -> None:
        """Count a repair; none if `times` is 0."""
        if times:
            self.repairs[reason] = self.repairs.get(reason, 0) + times

    def add(self, docs: Iterable[Doc]) -> None:
        """Count what the documents hold."""
        for doc in docs:
            self.documents += 1
            self.tokens += len(doc)
            self.entities += len(doc.ents)
            if doc.has_annotation("SENT_START"):
                self.sentences += sum(1 for _ in doc.sents)
            for ent in doc.ents:
                self.labels[ent.label_] = self.labels.get(ent.label_, 0) + 1

    def lines(self) -> list[str]:
        """RETURNS (list[str]): The counts in words: the totals, the labels and each repair."""
        sentences = str(self.sentences) if self.sentences else "not marked"
        totals = (
            f"documents: {self.documents}, sentences: {sentences}, tokens: {self.tokens}, "
            f"entities: {self.entities}"
        )
        labels = ", ".join(f"{label} {n}" for label, n in sorted(self.labels.items()))
        return [totals, f"labels: {labels or 'none'}", *self.repair_lines()]

    def repair_lines(self) -> list[str]:
        """RETURNS (list[str]): Each repair and how often it was made."""
        return [f"{reason}: {n}" for reason, n in sorted(self.repairs.items())]

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): The counts as plain data."""
        return asdict(self)
