"""What a retriever is."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from spacy_el4ner.types import Demonstration


@dataclass(frozen=True)
class PoolEntry:
    """A demonstration and the spans that the ensemble pre-extracted from it.

    demonstration (Demonstration): The labelled sentence.
    spans (tuple[str, ...]): Surfaces of its pre-extracted, untyped spans.
    """

    demonstration: Demonstration
    spans: tuple[str, ...] = ()


@dataclass(frozen=True)
class Query:
    """A sentence that demonstrations are wanted for.

    text (str): The sentence.
    spans (tuple[tuple[str, float], ...]): Surface and weight of its pre-extracted, untyped spans.
    exclude (frozenset[str]): Ids of demonstrations that must not be found, such as its own.
    """

    text: str
    spans: tuple[tuple[str, float], ...] = ()
    exclude: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Hit:
    """A demonstration found, and its similarity to the query."""

    demonstration: Demonstration
    similarity: float


@runtime_checkable
class Retriever(Protocol):
    """Finds demonstrations.

    needs_spans (bool): Whether queries and pool entries must come with pre-extracted spans.
    """

    needs_spans: bool

    def index(self, pool: Sequence[PoolEntry]) -> None:
        """Take a pool in place of the one before."""
        ...

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """RETURNS (list[list[Hit]]): Up to `k` hits a query, most similar first."""
        ...

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): What `from_dict` needs beside the pool: plain data and arrays."""
        ...

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None: ...
