"""The protocol of retrievers, and the data that they work on."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from spacy_el4ner.blocks import resolves
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
    words (tuple[str, ...]): Its tokens, for retrievers that compare words.
    """

    text: str
    spans: tuple[tuple[str, float], ...] = ()
    exclude: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()


@dataclass(frozen=True)
class Hit:
    """A retrieved demonstration.

    demonstration (Demonstration): The demonstration.
    similarity (float): Its similarity to the query; 0 from a retriever that compares nothing.
    """

    demonstration: Demonstration
    similarity: float


@resolves("el4ner_retrievers")
@runtime_checkable
class Retriever(Protocol):
    """Finds demonstrations.

    needs_spans (bool): Whether queries and pool entries must come with pre-extracted spans.
    """

    needs_spans: bool

    def index(self, pool: Sequence[PoolEntry]) -> None:
        """pool (Sequence[PoolEntry]): The pool, which replaces the one before."""
        ...

    def retrieve(self, queries: Sequence[Query], k: int) -> list[list[Hit]]:
        """queries (Sequence[Query]): What demonstrations are wanted for.
        k (int): Hits for each query, at most.
        RETURNS (list[list[Hit]]): The hits of each query, most similar first.
        """
        ...

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data and arrays that `from_dict` needs besides the pool."""
        ...

    def from_dict(self, data: dict[str, Any], pool: Sequence[PoolEntry]) -> None:
        """data (dict[str, Any]): The result of `to_dict`.
        pool (Sequence[PoolEntry]): The pool that was indexed.
        """
        ...
