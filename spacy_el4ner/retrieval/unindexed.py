"""The base class of the retrievers that save nothing besides the pool."""

from collections.abc import Sequence
from typing import Any

from spacy_el4ner.retrieval.base import PoolEntry


class UnindexedRetriever:
    """Keeps the pool as it is."""

    needs_spans = False

    def __init__(self) -> None:
        self.pool: list[PoolEntry] = []

    def index(self, pool: Sequence[PoolEntry]) -> None:
        """pool (Sequence[PoolEntry]): The pool, which replaces any earlier one."""
        self.pool = list(pool)

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Nothing, because the pool is saved already."""
        return {}

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        """data (dict[str, Any]): The result of `to_dict`.
        pool (Sequence[PoolEntry]): The pool that was indexed.
        """
        self.index(pool)
