"""A ragged cache of keys and values, with holes.

Rows of different lengths share a batch. Padding and rejected drafts stay in the cache as holes, which
the attention mask hides; a cache that is mostly holes is compacted.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import torch

Layer = tuple[torch.Tensor, torch.Tensor]
"""Keys and values of one layer: (rows, heads, slots, size), or (heads, slots, size) of one row."""


@dataclass(frozen=True)
class KeyValues:
    """The keys and values of consecutive tokens of one row.

    layers (tuple[Layer, ...]): Those of each layer, without holes.
    """

    layers: tuple[Layer, ...]

    def __len__(self) -> int:
        return self.layers[0][0].shape[-2]

    @classmethod
    def join(cls, parts: Sequence["KeyValues"]) -> "KeyValues":
        """parts (Sequence[KeyValues]): Parts of a row in order, at least one.
        RETURNS (KeyValues): The row.
        """
        if len(parts) == 1:
            return parts[0]
        by_layer = zip(*(part.layers for part in parts), strict=True)
        return cls(
            tuple(
                (torch.cat([k for k, _ in of], -2), torch.cat([v for _, v in of], -2))
                for of in by_layer
            )
        )

    @property
    def n_bytes(self) -> int:
        """RETURNS (int): Memory that the keys and values take up, in bytes."""
        return sum(part.numel() * part.element_size() for layer in self.layers for part in layer)

    def part(self, start: int, stop: int) -> "KeyValues":
        """start (int): Number of the first token.
        stop (int): Number of the token after the last one.
        RETURNS (KeyValues): A view of these tokens.
        """
        return KeyValues(tuple((k[:, start:stop], v[:, start:stop]) for k, v in self.layers))

    def copy(self) -> "KeyValues":
        """RETURNS (KeyValues): A copy, which does not keep what it is a part of in memory."""
        return KeyValues(tuple((k.clone(), v.clone()) for k, v in self.layers))


@dataclass(frozen=True)
class Cache:
    """The keys and values of a batch.

    layers (tuple[Layer, ...]): Keys and values of each layer, on the device of that layer.
    mask (Tensor): 1 for a slot with a token and 0 for a hole, (rows, slots).
    lengths (Tensor): Number of tokens of each row, (rows,).
    """

    layers: tuple[Layer, ...]
    mask: torch.Tensor
    lengths: torch.Tensor

    @classmethod
    def stack(cls, beginnings: Sequence[KeyValues | None]) -> "Cache | None":
        """beginnings (Sequence[KeyValues | None]): The beginning of each row, None if it is empty.
        RETURNS (Cache | None): The beginnings as rows of a batch, padded on the left; None if all of
            them are empty.
        """
        some = next((b for b in beginnings if b is not None), None)
        if some is None:
            return None
        lengths = [0 if b is None else len(b) for b in beginnings]
        width = max(lengths)
        layers = []
        for n, layer in enumerate(some.layers):
            parts = []
            for side in (0, 1):
                heads, _, size = layer[side].shape
                part = layer[side].new_zeros(len(beginnings), heads, width, size)
                for row, beginning in enumerate(beginnings):
                    if beginning is not None:
                        part[row, :, width - lengths[row] :] = beginning.layers[n][side]
                parts.append(part)
            layers.append((parts[0], parts[1]))
        device = some.layers[0][0].device
        counts = torch.tensor(lengths, device=device)
        mask = (torch.arange(width, device=device) >= width - counts[:, None]).long()
        return cls(tuple(layers), mask, counts)

    def part(self, row: int, start: int, stop: int) -> KeyValues:
        """row (int): A row.
        start (int): Number of its first token; holes do not count.
        stop (int): Number of the token after the last one.
        RETURNS (KeyValues): A copy of these tokens.
        """
        slots = self.mask[row].nonzero().flatten()[start:stop]
        return KeyValues(tuple((_slots(k[row], slots), _slots(v[row], slots)) for k, v in self.layers))

    def select(self, rows: Sequence[int]) -> "Cache":
        """rows (Sequence[int]): Numbers of rows, which may repeat.
        RETURNS (Cache): These rows, in this order.
        """
        if list(rows) == list(range(len(self.lengths))):
            return self
        index = torch.tensor(rows, device=self.mask.device)
        layers = tuple((_rows(k, index), _rows(v, index)) for k, v in self.layers)
        return Cache(layers, self.mask[index], self.lengths[index])

    def forget(self, counts: Sequence[int]) -> "Cache":
        """counts (Sequence[int]): For each row, the number of tokens to remove from its end.
        RETURNS (Cache): The cache with holes in place of these tokens.
        """
        if not any(counts):
            return self
        slots = self.mask.shape[1]
        gone = torch.tensor(counts, device=self.mask.device)
        kept = torch.arange(slots, device=self.mask.device) < slots - gone[:, None]
        return replace(self, mask=self.mask * kept, lengths=self.lengths - gone).compacted()

    def compacted(self) -> "Cache":
        """RETURNS (Cache): The cache with few holes, if more than half of its slots were holes; else
        the cache itself.
        """
        tokens = self.lengths.tolist()
        if sum(tokens) * 2 >= self.mask.numel():
            return self
        width = max(tokens)
        # A stable sort keeps the order of the tokens and moves all holes to the left.
        order = self.mask.argsort(dim=1, stable=True)[:, -width:]
        layers = tuple((_take(k, order), _take(v, order)) for k, v in self.layers)
        return Cache(layers, self.mask.gather(1, order), self.lengths)


def _rows(part: torch.Tensor, index: torch.Tensor) -> torch.Tensor:
    return part.index_select(0, index.to(part.device))


def _slots(part: torch.Tensor, slots: torch.Tensor) -> torch.Tensor:
    return part.index_select(1, slots.to(part.device))


def _take(part: torch.Tensor, order: torch.Tensor) -> torch.Tensor:
    rows, heads, _, size = part.shape
    order = order.to(part.device)
    return part.gather(2, order[:, None, :, None].expand(rows, heads, order.shape[1], size))


def from_transformers(kept: Any) -> tuple[Layer, ...]:
    """kept (Any): `past_key_values` as a model returns them: tuples, or a Cache object of
        transformers 4 or 5.
    RETURNS (tuple[Layer, ...]): Keys and values of each layer; empty if the cache holds anything else.
    """
    if isinstance(kept, tuple):
        pairs = [(layer[0], layer[1]) for layer in kept]
    elif hasattr(kept, "layers"):
        pairs = [
            (getattr(layer, "keys", None), getattr(layer, "values", None)) for layer in kept.layers
        ]
    else:
        pairs = list(zip(getattr(kept, "key_cache", ()), getattr(kept, "value_cache", ()), strict=True))
    whole = all(isinstance(part, torch.Tensor) for layer in pairs for part in layer)
    return tuple(pairs) if whole else ()


def to_transformers(layers: Sequence[Layer], as_tuples: bool) -> Any:
    """layers (Sequence[Layer]): Keys and values of each layer; empty for an empty cache.
    as_tuples (bool): Whether the model expects tuples, as some models of transformers 4 do.
    RETURNS (Any): The argument `past_key_values` of a model.
    """
    if as_tuples:
        return tuple(layers) or None
    from transformers import DynamicCache

    cache = DynamicCache()
    for n, (keys, values) in enumerate(layers):
        cache.update(keys, values, n)
    return cache
