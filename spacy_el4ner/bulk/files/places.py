"""Places in an input from which a reader can go on, so that a shard is read without those before it."""

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import accumulate


@dataclass(frozen=True)
class Place:
    """Where a document is.

    at (int): Where a reader begins: a byte of a file of lines, a row group of a Parquet file, a file of
        a folder.
    number (int): Number of the document that begins there, from 1.
    skip (int): Documents between it and the document in question.
    """

    at: int
    number: int
    skip: int = 0


START = Place(0, 1)


@dataclass(frozen=True)
class SourceIndex:
    """The shards of an input.

    documents (int): Documents of the input, unreadable ones too.
    places (tuple[Place, ...]): Where each shard begins.
    """

    documents: int
    places: tuple[Place, ...]


def index_of_blocks(sizes: Sequence[int], shard_size: int) -> SourceIndex:
    """sizes (Sequence[int]): Documents of each row group or file.
    shard_size (int): Documents per shard.
    RETURNS (SourceIndex): The shards of the documents in these blocks.
    """
    firsts = list(accumulate(sizes, initial=0))
    documents = firsts.pop()
    places = []
    for start in range(0, documents, shard_size):
        block = bisect_right(firsts, start) - 1
        places.append(Place(block, firsts[block] + 1, start - firsts[block]))
    return SourceIndex(documents, tuple(places))
