"""Attention masks from the positions of tokens, one for each kind of layer.

A model derives the masks of its sliding windows from the slots of the cache, where a hole takes the
place of a token. These masks count the tokens only, so that a hole changes nothing.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

Windows = Mapping[str, int | None]
"""For each kind of layer the number of tokens that it attends to, the current one included; None for
all tokens.
"""
LIMITS = {"sliding": "sliding_window", "chunked": "attention_chunk_size", "local": "window_size"}
"""Words in the names of kinds of layers, and the setting of a config that holds their window."""
MADE = {"full_attention", "sliding_attention"}
"""The kinds of layers that masks are made for."""
TAKE_MASKS = ("eager", "sdpa")
"""The implementations of attention that add a mask to the scores."""
PROBED, NARROW = 8, 2
"""Tokens that a model is probed with, and the window that it is given meanwhile."""


def windows(config: Any) -> dict[str, int | None]:
    """config (PretrainedConfig): The config of a language model.
    RETURNS (dict[str, int | None]): The window of each kind of layer; empty if every layer attends to
        all tokens. A config that names no kinds has layers of one kind.
    """
    if not getattr(config, "use_sliding_window", True):
        return {}
    kinds = getattr(config, "layer_types", None) or getattr(config, "attention_layers", None)
    sizes = {
        kind: next((getattr(config, name, None) for word, name in LIMITS.items() if word in kind), None)
        for kind in kinds or ["sliding_attention"]
    }
    return sizes if any(sizes.values()) else {}


def from_positions(
    mask: torch.Tensor, last: int, windows: Windows, dtype: torch.dtype
) -> torch.Tensor | dict[str, torch.Tensor]:
    """mask (Tensor): 1 for a slot with a token and 0 for a hole, (rows, slots).
    last (int): Number of slots that attend to all others, counted from the end.
    windows (Windows): The window of each kind of layer.
    dtype (dtype): The type that the model computes in.
    RETURNS (Tensor | dict[str, Tensor]): What to add to the scores of attention, (rows, 1, last,
        slots), for each kind of layer, or for all if they are of one kind.
    """
    places = mask.cumsum(1, dtype=torch.int32)
    distance = places[:, -last:, None] - places[:, None, :]
    past = (mask[:, None, :] > 0) & (distance >= 0)
    # What a hole computes is of no use, but must be a number.
    hole = mask[:, -last:, None] == 0

    def added(window: int | None) -> torch.Tensor:
        seen = past if window is None else past & (distance < window)
        hidden = ~(seen | hole)[:, None]
        return torch.zeros_like(hidden, dtype=dtype).masked_fill(hidden, torch.finfo(dtype).min)

    masks = {kind: added(window) for kind, window in windows.items()}
    return masks if len(masks) > 1 else next(iter(masks.values()))


def follows(model: Any) -> bool:
    """Compare the masks with the model's own, in a narrow window. With a hole to mislead it, the model
    has to compute what it computes by itself without one.

    model (PreTrainedModel): A language model with windows.
    RETURNS (bool): Whether its layers attend as masks from positions say, and in no other way.
    """
    config = model.config.get_text_config()
    if config._attn_implementation not in TAKE_MASKS or not MADE.issuperset(windows(config)):
        return False
    device = model.device
    size = int(model.get_input_embeddings().num_embeddings)
    tokens = torch.linspace(0, size - 1, PROBED, device=device).long()

    def read(hole: int, own: bool) -> torch.Tensor:
        mask = torch.ones(1, PROBED + 1, dtype=torch.long, device=device)
        mask[0, hole] = 0
        masks = mask if own else from_positions(mask, PROBED + 1, windows(config), model.dtype)
        out = model.base_model(
            input_ids=torch.zeros_like(mask).masked_scatter(mask > 0, tokens),
            attention_mask=masks,
            position_ids=(mask.cumsum(1) - 1).clamp(min=0),
            use_cache=False,
        )
        states: torch.Tensor = out[0][mask > 0].float()
        return states

    try:
        with torch.inference_mode():
            wide = read(0, own=True)
            with _narrowed(config):
                narrow, ours = read(0, own=True), read(PROBED // 2, own=False)
    except torch.cuda.OutOfMemoryError:
        raise
    except (AttributeError, KeyError, TypeError, ValueError, RuntimeError):
        # Some families take no mapping, or no mask of this shape.
        return False
    tolerance = 1e-3 if model.dtype == torch.float32 else 0.05
    return bool((ours - narrow).norm() < tolerance * (wide - narrow).norm())


@contextmanager
def _narrowed(config: Any) -> Iterator[None]:
    """With a narrow window, which a model looks up in its config whenever it makes a mask."""
    kept = {name: getattr(config, name) for name in LIMITS.values() if getattr(config, name, None)}
    try:
        for name in kept:
            setattr(config, name, NARROW)
        yield
    finally:
        for name, width in kept.items():
            setattr(config, name, width)
