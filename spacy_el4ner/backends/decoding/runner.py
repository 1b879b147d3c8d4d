"""One causal language model, called with ragged rows and a key-value cache.

Rows of different lengths share a batch by padding on the left of every stretch that is fed. The
padding stays in the cache as holes, and every token has its explicit position, so that a row computes
what it would compute alone.
"""

import inspect
from collections.abc import Sequence
from typing import Any

import torch

from spacy_el4ner.backends.decoding.cache import Cache, from_transformers, to_transformers
from spacy_el4ner.backends.decoding.head import restricted
from spacy_el4ner.errors import Errors

Rows = Sequence[Sequence[int]]
TABLES = ("position_embeddings", "wpe", "embed_positions")
"""What models call a table of positions, beyond which there is nothing to be read."""


class NoRoomError(Exception):
    """Holes would do harm: take up room in a sliding window that the tokens need, or shift them."""


class Runner:
    """Feeds tokens to a model.

    model (PreTrainedModel): A causal language model.
    pad (int): A token to fill holes with; which one does not matter.
    """

    def __init__(self, model: Any, pad: int):
        self.model = model
        self.pad = pad
        self.passes = 0
        self.tokens = 0
        """Tokens fed so far, padding not counted."""
        self.limit = _limit(model)
        """Tokens that a row may have; None where any number can be computed."""
        self.known = int(model.get_input_embeddings().num_embeddings)
        """Tokens that the model knows."""
        self._keeps_last = "logits_to_keep" in inspect.signature(model.forward).parameters
        self._as_tuples = not getattr(model, "_supports_cache_class", True)

    @property
    def window(self) -> int | None:
        """RETURNS (int | None): The narrowest sliding window of the layers, None if all see
        everything. Holes take up room in such a window.
        """
        config = self.model.config.get_text_config()
        if "local" in getattr(config, "attention_layers", ()):  # GPT-Neo
            return int(config.window_size)
        kinds = getattr(config, "layer_types", None)
        slides = any("sliding" in kind or "chunked" in kind for kind in kinds) if kinds else True
        used = getattr(config, "use_sliding_window", True)
        found = getattr(config, "sliding_window", None) or getattr(config, "attention_chunk_size", None)
        return int(found) if found and used and slides else None

    @property
    def by_slots(self) -> bool:
        """RETURNS (bool): Whether the model takes the slots of the cache, holes among them, for places
        (MPT), so that it can have holes on the left of a row alone.
        """
        return bool(self.model.config.model_type == "mpt")

    def too_long(self, needed: int) -> str:
        """needed (int): Tokens of a row.
        RETURNS (str): What is wrong with that many.
        """
        return Errors.EL113.format(name=self.name, limit=self.limit, needed=needed)

    @property
    def name(self) -> str:
        """RETURNS (str): What messages call the model."""
        return self.model.config.name_or_path or type(self.model).__name__

    def pass_cost(self, cache: Cache | None) -> float:
        """cache (Cache | None): What the pass goes on from.
        RETURNS (float): How many tokens could be read in the time that the pass takes however little it
            reads. A GPU reads its weights once a pass, a CPU mostly computes; and the pass copies what
            is kept, holes included. Measured with a compact backbone; only speed depends on it.
        """
        kept = 0 if cache is None else cache.mask.numel()
        return (32 if self.model.device.type == "cpu" else 512) + kept / 40

    def read(self, rows: Rows, cache: Cache | None = None) -> Cache:
        """Read tokens without asking what follows.

        rows (Sequence[Sequence[int]]): Tokens for each row of the cache.
        RETURNS (Cache): The longer cache.
        """
        return self._call(self.model.base_model, rows, cache)[1]

    def next(
        self, rows: Rows, allowed: torch.Tensor, cache: Cache | None = None, last: int = 1
    ) -> tuple[torch.Tensor, Cache]:
        """Read tokens, at least one a row, and ask what follows the last ones.

        rows (Sequence[Sequence[int]]): Tokens for each row of the cache.
        allowed (Tensor): Token ids of interest, (n,).
        last (int): After how many tokens to ask, counted from the end of the rows.
        RETURNS (tuple[Tensor, Cache]): Logits in float32, (rows, last, n), and the longer cache. For a
            row shorter than `last`, the first logits mean nothing.
        """
        keep = {"logits_to_keep": last} if self._keeps_last else {}
        self._check_known(allowed)
        allowed = allowed.to(self.model.device)
        with restricted(self.model, allowed, last) as only:
            out, cache = self._call(self.model, rows, cache, **keep)
        logits = out.logits[:, -last:]
        return (logits if only else logits[..., allowed]).float(), cache

    def _call(self, module: Any, rows: Rows, cache: Cache | None, **settings: Any) -> tuple[Any, Cache]:
        tokens, mask, positions, lengths = self._pad(rows, cache)
        self.passes += 1
        self.tokens += sum(map(len, rows))
        unfit = Errors.EL016.format(name=self.name, kind=type(self.model).__name__)
        try:
            with torch.inference_mode():
                out = module(
                    input_ids=tokens,
                    attention_mask=mask,
                    position_ids=positions,
                    past_key_values=to_transformers(cache.layers if cache else (), self._as_tuples),
                    use_cache=True,
                    **settings,
                )
        except ValueError as error:
            if "past_key_values" not in str(error):
                raise
            raise ValueError(unfit) from error  # it takes only a cache of its own (MiniMax)
        layers = from_transformers(out.past_key_values)
        if not layers:
            raise ValueError(unfit)
        return out, Cache(layers, mask, lengths)

    def _check_known(self, tokens: torch.Tensor) -> None:
        """tokens (Tensor): Token ids, on the CPU."""
        if tokens.numel() and (highest := int(tokens.max())) >= self.known:
            raise ValueError(Errors.EL116.format(name=self.name, token=highest, size=self.known))

    def _pad(
        self, rows: Rows, cache: Cache | None
    ) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
        device = self.model.device
        width = max(map(len, rows))
        tokens = torch.tensor([[self.pad] * (width - len(row)) + list(row) for row in rows])
        self._check_known(tokens)
        counts = torch.tensor([len(row) for row in rows])
        mask = (torch.arange(width) >= width - counts[:, None]).long()
        before = torch.zeros(len(rows), dtype=torch.long) if cache is None else cache.lengths.cpu()
        positions = (mask.cumsum(1) - 1 + before[:, None]).clamp(min=0) * mask
        if self.limit is not None and (longest := int((before + counts).max())) > self.limit:
            # Said here: what a GPU makes of a place outside of the table, no process survives.
            raise ValueError(self.too_long(longest))
        lengths = (before + counts).to(device)
        tokens, mask, positions = (t.to(device) for t in (tokens, mask, positions))
        if cache is not None:
            mask = torch.cat([cache.mask.to(device), mask], dim=1)
        holes = mask.cummax(1).values > mask  # those on the left of a row do no harm
        near = self.window is not None and mask.shape[1] > self.window
        if (near or self.by_slots) and bool(holes.any()):
            raise NoRoomError
        return tokens, mask, positions, lengths


def _limit(model: Any) -> int | None:
    """The positions of a model that looks them up in a table."""
    config = model.config.get_text_config()
    most = getattr(config, "max_position_embeddings", None) or getattr(config, "n_positions", None)
    names = (name.rpartition(".")[2] for name, _ in model.named_modules())
    return int(most) if most and any(name in TABLES for name in names) else None
