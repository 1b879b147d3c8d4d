"""One causal language model, called with ragged rows and a key-value cache.

Rows of different lengths share a batch by padding on the left of every stretch that is fed. The
padding stays in the cache as holes that the attention mask hides, and every token has its explicit
position, so that a row computes what it would compute alone.
"""

import inspect
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch

from spacy_el4ner.backends.decoding.head import restricted


@dataclass
class Cache:
    """What the model has read so far.

    keys_values (Any): The cache of the transformers library: a tuple a layer, or a Cache object.
    mask (Tensor): (rows, slots), 1 where a slot holds a token and 0 where it is a hole.
    lengths (Tensor): (rows,), tokens of each row.
    """

    keys_values: Any
    mask: torch.Tensor
    lengths: torch.Tensor

    def select(self, rows: Sequence[int]) -> "Cache":
        """RETURNS (Cache): The given rows, in the given order, with repetitions. A cache that is an
        object of the transformers library is changed in place, so use the old one no more.
        """
        index = torch.tensor(rows, device=self.mask.device)
        if isinstance(self.keys_values, tuple):
            kept: Any = tuple(
                tuple(part.index_select(0, index) for part in layer) for layer in self.keys_values
            )
        else:
            kept = self.keys_values
            kept.batch_select_indices(index)
        return Cache(kept, self.mask[index], self.lengths[index])


class Runner:
    """Feeds tokens to a model.

    model (PreTrainedModel): A causal language model.
    pad (int): A token to fill holes with; which one does not matter.
    """

    def __init__(self, model: Any, pad: int):
        self.model = model
        self.pad = pad
        self.passes = 0
        self._keeps_last = "logits_to_keep" in inspect.signature(model.forward).parameters

    def read(self, rows: Sequence[Sequence[int]], cache: Cache | None = None) -> Cache:
        """Read tokens without asking what follows.

        rows (Sequence[Sequence[int]]): Tokens for each row of the cache.
        RETURNS (Cache): The longer cache.
        """
        tokens, mask, positions, lengths = self._pad(rows, cache)
        out = self._call(self.model.base_model, tokens, mask, positions, cache)
        return Cache(out.past_key_values, mask, lengths)

    def next(
        self, rows: Sequence[Sequence[int]], allowed: torch.Tensor, cache: Cache | None = None
    ) -> tuple[torch.Tensor, Cache]:
        """Read tokens, at least one a row, and ask what follows.

        rows (Sequence[Sequence[int]]): Tokens for each row of the cache.
        allowed (Tensor): Token ids of interest, (n,).
        RETURNS (tuple[Tensor, Cache]): Logits in float32, (rows, n), and the longer cache.
        """
        if not self._keeps_last and max(map(len, rows)) > 1:
            # This family would compute the logits of every token: give it the last one alone.
            cache = self.read([row[:-1] for row in rows], cache)
            rows = [row[-1:] for row in rows]
        tokens, mask, positions, lengths = self._pad(rows, cache)
        keep = {"logits_to_keep": 1} if self._keeps_last else {}
        allowed = allowed.to(self.model.device)
        with restricted(self.model, allowed) as only:
            out = self._call(self.model, tokens, mask, positions, cache, **keep)
        logits = out.logits[:, -1].float()
        logits = logits if only else logits[:, allowed]
        return logits, Cache(out.past_key_values, mask, lengths)

    def _call(
        self,
        module: Any,
        tokens: torch.Tensor,
        mask: torch.Tensor,
        positions: torch.Tensor,
        cache: Cache | None,
        **settings: Any,
    ) -> Any:
        self.passes += 1
        with torch.inference_mode():
            return module(
                input_ids=tokens,
                attention_mask=mask,
                position_ids=positions,
                past_key_values=None if cache is None else cache.keys_values,
                use_cache=True,
                **settings,
            )

    def _pad(
        self, rows: Sequence[Sequence[int]], cache: Cache | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        device = self.model.device
        width = max(map(len, rows))
        tokens = torch.full((len(rows), width), self.pad)
        mask = torch.zeros((len(rows), width), dtype=torch.long)
        for n, row in enumerate(rows):
            if row:
                tokens[n, width - len(row) :] = torch.tensor(row)
                mask[n, width - len(row) :] = 1
        before = torch.zeros(len(rows), dtype=torch.long) if cache is None else cache.lengths.cpu()
        positions = (mask.cumsum(1) - 1 + before[:, None]).clamp(min=0) * mask
        lengths = (before + mask.sum(1)).to(device)
        tokens, mask, positions = (t.to(device) for t in (tokens, mask, positions))
        if cache is not None:
            mask = torch.cat([cache.mask, mask], dim=1)
        return tokens, mask, positions, lengths
