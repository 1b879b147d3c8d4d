"""Calls of a causal language model with ragged rows and a key-value cache.

Rows of different lengths share a batch: each call pads them on the left. The padding stays in the cache
as holes, and every token has an explicit position, so that a row computes what it would compute alone.
"""

import inspect
from collections.abc import Sequence
from functools import cached_property
from typing import Any, NamedTuple

import torch

from spacy_el4ner.backends.decoding.cache import Cache, from_transformers, to_transformers
from spacy_el4ner.backends.decoding.head import restricted
from spacy_el4ner.backends.decoding.masks import follows, from_positions, windows
from spacy_el4ner.errors import EL4NERSetupError, EL4NERValueError, Errors

Rows = Sequence[Sequence[int]]
TABLES = ("position_embeddings", "wpe", "embed_positions")
"""Names of learned position tables, whose size limits the length of a row."""


class NoRoomError(Exception):
    """Holes would change the result: the model takes them for tokens, in a window or in a position."""


class Runner:
    """Feeds tokens to a model.

    model (PreTrainedModel): A causal language model.
    pad (int): A token to fill holes with; any token will do.
    """

    def __init__(self, model: Any, pad: int):
        self.model = model
        self.pad = pad
        self.passes = 0
        self.tokens = 0
        """Tokens read so far, without padding."""
        self.limit = _limit(model)
        """Maximum number of tokens of a row; None for no limit."""
        self.vocabulary = int(model.get_input_embeddings().num_embeddings)
        """Size of the model's vocabulary."""
        self._windows = windows(model.config.get_text_config())
        self._keeps_last = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._as_tuples = not getattr(model, "_supports_cache_class", True)

    @property
    def window(self) -> int | None:
        """RETURNS (int | None): The number of tokens that some layers attend to at most; None if every
        layer attends to all tokens.
        """
        return min((w for w in self._windows.values() if w), default=None)

    @cached_property
    def takes_masks(self) -> bool:
        """RETURNS (bool): Whether the windows of the layers can follow positions instead of slots."""
        return follows(self.model)

    @property
    def by_slots(self) -> bool:
        """RETURNS (bool): Whether the model derives positions from the slots of the cache (MPT), so
        that a row may have holes only on its left.
        """
        return bool(self.model.config.model_type == "mpt")

    def too_long(self, needed: int) -> str:
        """needed (int): Number of tokens of a row, above the limit.
        RETURNS (str): The message EL113.
        """
        return Errors.EL113.format(name=self.name, limit=self.limit, needed=needed)

    @property
    def name(self) -> str:
        """RETURNS (str): The name of the model in messages."""
        return self.model.config.name_or_path or type(self.model).__name__

    def pass_cost(self, cache: Cache | None) -> float:
        """cache (Cache | None): The cache that the pass continues.
        RETURNS (float): Fixed cost of a pass, in the tokens that could be read in the same time. A GPU
            loads its weights once per pass, a CPU mostly computes; and a pass copies the cache, holes
            included. Measured with a compact backbone; affects only the speed.
        """
        kept = 0 if cache is None else cache.mask.numel()
        return (32 if self.model.device.type == "cpu" else 512) + kept / 40

    def read(self, rows: Rows, cache: Cache | None = None) -> Cache:
        """Read tokens without computing logits.

        rows (Sequence[Sequence[int]]): Tokens for each row of the cache.
        cache (Cache | None): The cache to continue; None for an empty one.
        RETURNS (Cache): The longer cache.
        """
        return self._call(self.model.base_model, self._inputs(rows, cache), cache)[1]

    def next(
        self, rows: Rows, allowed: torch.Tensor, cache: Cache | None = None, last: int = 1
    ) -> tuple[torch.Tensor, Cache]:
        """Read tokens, at least one per row, and compute the logits after the last ones.

        rows (Sequence[Sequence[int]]): Tokens for each row of the cache.
        allowed (Tensor): Token ids of interest, (n,).
        cache (Cache | None): The cache to continue; None for an empty one.
        last (int): Number of places to compute logits for, counted from the end of the rows.
        RETURNS (tuple[Tensor, Cache]): Logits in float32, (rows, last, n), and the longer cache. For a
            row shorter than `last`, the first logits are undefined.
        RAISES (ValueError): EL016, EL113 or EL116, the model cannot read these rows.
        RAISES (NoRoomError): Holes would change the result.
        """
        keep = {"logits_to_keep": last} if self._keeps_last else {}
        self._check_known(allowed)
        allowed = allowed.to(self.model.device)
        inputs = self._inputs(rows, cache)  # may probe the model, which needs its head for that
        with restricted(self.model, allowed, last) as only:
            out, cache = self._call(self.model, inputs, cache, **keep)
        logits = out.logits[:, -last:]
        return (logits if only else logits[..., allowed]).float(), cache

    def _call(
        self, module: Any, inputs: "_Inputs", cache: Cache | None, **settings: Any
    ) -> tuple[Any, Cache]:
        self.passes += 1
        self.tokens += inputs.read
        unfit = Errors.EL016.format(name=self.name, kind=type(self.model).__name__)
        try:
            with torch.inference_mode():
                out = module(
                    input_ids=inputs.tokens,
                    attention_mask=inputs.attended,
                    position_ids=inputs.positions,
                    past_key_values=to_transformers(cache.layers if cache else (), self._as_tuples),
                    use_cache=True,
                    **settings,
                )
        except ValueError as error:
            if "past_key_values" not in str(error):
                raise
            raise EL4NERSetupError(unfit) from error  # it accepts only its own kind of cache (MiniMax)
        layers = from_transformers(out.past_key_values)
        if not layers:
            raise EL4NERSetupError(unfit)
        return out, Cache(layers, inputs.mask, inputs.lengths)

    def _check_known(self, tokens: torch.Tensor) -> None:
        """tokens (Tensor): Token ids, on the CPU."""
        if tokens.numel() and (highest := int(tokens.max())) >= self.vocabulary:
            raise EL4NERValueError(
                Errors.EL116.format(name=self.name, token=highest, size=self.vocabulary)
            )

    def _inputs(self, rows: Rows, cache: Cache | None) -> "_Inputs":
        device = self.model.device
        width = max(map(len, rows))
        tokens = torch.tensor([[self.pad] * (width - len(row)) + list(row) for row in rows])
        self._check_known(tokens)
        counts = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(width) >= width - counts[:, None]).long()
        before = torch.zeros(len(rows), dtype=torch.long) if cache is None else cache.lengths.cpu()
        positions = (mask.cumsum(1) - 1 + before[:, None]).clamp(min=0) * mask
        if self.limit is not None and (longest := int((before + counts).max())) > self.limit:
            # Checked here: on a GPU, a position outside the table kills the process.
            raise EL4NERValueError(self.too_long(longest))
        lengths = (before + counts).to(device)
        tokens, mask, positions = (t.to(device) for t in (tokens, mask, positions))
        if cache is not None:
            mask = torch.cat([cache.mask.to(device), mask], dim=1)
        attended = self._attended(mask, width)
        return _Inputs(tokens, mask, attended, positions, lengths, int(counts.sum()))

    def _attended(self, mask: torch.Tensor, last: int) -> Any:
        """The argument `attention_mask` of the model, which reads the last slots."""
        near = self.window is not None and mask.shape[1] > self.window
        if not (near or self.by_slots):
            return mask
        holes = mask.cummax(1).values > mask  # holes on the left of a row are harmless
        if not bool(holes.any()):
            return mask
        if self.by_slots or not self.takes_masks:
            raise NoRoomError
        return from_positions(mask, last, self._windows, self.model.dtype)


class _Inputs(NamedTuple):
    """What a pass is given.

    tokens (Tensor): Token ids, padded on the left, (rows, width).
    mask (Tensor): 1 for a slot of the longer cache with a token and 0 for a hole, (rows, slots).
    attended (Tensor | dict): The argument `attention_mask` of the model.
    positions (Tensor): Positions of the tokens, (rows, width).
    lengths (Tensor): Number of tokens of each row, those of the cache included, (rows,).
    read (int): Number of tokens to read.
    """

    tokens: torch.Tensor
    mask: torch.Tensor
    attended: Any
    positions: torch.Tensor
    lengths: torch.Tensor
    read: int


def _limit(model: Any) -> int | None:
    """The size of a model's position table; None if it has no such table."""
    config = model.config.get_text_config()
    most = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    names = (name.rpartition(".")[2] for name, _ in model.named_modules())
    return int(most) if most and any(name in TABLES for name in names) else None
