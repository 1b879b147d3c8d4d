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
"""The tag of a token that nothing is said about: it has no part in the loss."""


@dataclass(frozen=True)
class Scheme:
    """labels (tuple[str, ...]): The types, in the order of their tags."""

    labels: tuple[str, ...]

    @property
    def tags(self) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): All tags, each at the place of its number."""
        return ("O", *(f"{role}-{label}" for label in self.labels for role in ROLES))

    def ids(self, tags: Iterable[str | None]) -> NDArray[np.int64]:
        """tags (Iterable[str | None]): BILUO tags, None where one is missing.
        RETURNS (ndarray): Their numbers; `MISSING` for those that are missing or of another label.
        """
        number = {tag: n for n, tag in enumerate(self.tags)}
        return np.array([MISSING if t is None else number.get(t, MISSING) for t in tags], np.int64)

    def encode(self, length: int, spans: Iterable[TokenSpan]) -> NDArray[np.int64]:
        """length (int): How many tokens there are.
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

    def is_legal(self, ids: Sequence[int] | NDArray[np.int64]) -> bool:
        """RETURNS (bool): Whether every entity begins, goes on and ends as the scheme says."""
        open_label = None
        for tag in ids:
            label, role = divmod(int(tag) - 1, len(ROLES))
            goes_on = tag and role in (INSIDE, LAST)
            if open_label != (label if goes_on else None):
                return False
            open_label = label if tag and role in (BEGIN, INSIDE) else None
        return open_label is None
