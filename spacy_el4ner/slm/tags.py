"""The tag scheme of the supervised tagger: BILUO, which Chinese corpora call BMES.

Tag 0 is O. Every label has four tags in a row: B, I and L for the first, the inner and the last token
of an entity, U for an entity of one token.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

TokenSpan = tuple[int, int, str]
"""First token, one past the last token, label."""

ROLES = "BILU"
BEGIN, INSIDE, LAST, UNIT = range(4)
MISSING = -1
"""The tag number of a token without annotation, which is left out of the loss."""


@dataclass(frozen=True)
class Scheme:
    """The tags of some labels.

    labels (tuple[str, ...]): The labels, in the order of their tags.
    """

    labels: tuple[str, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): All tags, each at the index that is its number."""
        return ("O", *(f"{role}-{label}" for label in self.labels for role in ROLES))

    def ids(self, tags: Iterable[str | None]) -> NDArray[np.int64]:
        """tags (Iterable[str | None]): BILUO tags, None where one is missing.
        RETURNS (ndarray): Their numbers; `MISSING` for those that are missing or of another label.
        """
        number = {tag: n for n, tag in enumerate(self.tags)}
        return np.array([MISSING if t is None else number.get(t, MISSING) for t in tags], np.int64)

    def encode(self, length: int, spans: Iterable[TokenSpan]) -> NDArray[np.int64]:
        """length (int): Number of tokens.
        spans (Iterable[TokenSpan]): Entities that do not overlap.
        RETURNS (ndarray): The number of each token's tag, (length,).
        """
        ids = np.zeros(length, np.int64)
        for start, end, label in spans:
            first = 1 + len(ROLES) * self.labels.index(label)
            ids[start:end] = first + INSIDE
            ids[start], ids[end - 1] = first + BEGIN, first + LAST
            if end - start == 1:
                ids[start] = first + UNIT
        return ids

    def decode(self, ids: Sequence[int] | NDArray[np.int64]) -> list[TokenSpan]:
        """ids (Sequence[int]): A legal sequence of tags, as numbers.
        RETURNS (list[TokenSpan]): Its entities, in order.
        """
        spans, start = [], 0
        for n, tag in enumerate(ids):
            label, role = divmod(int(tag) - 1, len(ROLES))
            if tag and role in (BEGIN, UNIT):
                start = n
            if tag and role in (LAST, UNIT):
                spans.append((start, n + 1, self.labels[label]))
        return spans
