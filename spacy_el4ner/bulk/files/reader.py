"""The reader of the shards of an input."""

from collections.abc import Iterator, Sequence
from itertools import islice
from typing import Any

from spacy_el4ner.bulk.files.base import DocumentSource
from spacy_el4ner.bulk.files.places import Place
from spacy_el4ner.bulk.records import DocumentRecord


class ShardReader:
    """Reads shards in any order, each from where it begins.

    source (DocumentSource): The input.
    places (Sequence[Place]): Where each shard begins.
    shard_size (int): Documents per shard.
    """

    def __init__(self, source: DocumentSource, places: Sequence[Place], shard_size: int):
        self.source = source
        self.places = places
        self.shard_size = shard_size
        self._items: Iterator[Any] = iter(())
        self._at = -1  # number of the next item, from 0

    def records(self, number: int, most: int | None = None) -> list[DocumentRecord]:
        """number (int): A shard, from 0.
        most (int | None): How many of its documents; None for all.
        RETURNS (list[DocumentRecord]): The first documents of the shard.
        """
        start, place = number * self.shard_size, self.places[number]
        # From the end of the last shard, if that is no farther than from the first row of the group.
        passed_over = start - self._at
        if not 0 <= passed_over <= place.skip:
            self._items, passed_over = self.source.items(place), 0
        size = self.shard_size if most is None else most
        items = list(islice(self._items, passed_over, passed_over + size))
        self._at = start + len(items)
        return [self.source.record(item) for item in items]
