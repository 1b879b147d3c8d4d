"""The loss of answers: cross-entropy of their decisions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from spacy_el4ner.training.sft.examples import ExampleBatch


def answer_loss(model: Any, bare: Any, batch: ExampleBatch) -> torch.Tensor:
    """model (Module): A causal language model, perhaps wrapped for several devices.
    bare (PreTrainedModel): The model without the wrapper.
    batch (ExampleBatch): The examples.
    RETURNS (Tensor): The sum of the cross-entropies of all decisions, in nats: each over its allowed
        tokens, or over the vocabulary where all tokens are allowed. A scalar.
    """
    rows, columns = batch.where.unbind(1)
    with _selected(bare, rows, columns, batch.choices) as selected:
        logits = model(
            input_ids=batch.tokens, use_cache=False, **_attention(bare, batch.mask, batch.positions)
        ).logits
    if not selected:
        logits = logits[rows, columns][None]
        logits = logits[..., batch.choices] if len(batch.choices) else logits
    logits = logits[0].float()
    if len(batch.choices):
        logits = logits.gather(1, batch.allowed.clamp(min=0))
        logits = logits.masked_fill(batch.allowed < 0, -torch.inf)
    return functional.cross_entropy(logits, batch.targets, reduction="sum")


def _attention(
    model: Any, mask: torch.Tensor, positions: torch.Tensor | None
) -> dict[str, torch.Tensor]:
    """Mask and positions as transformers takes them. It uses a mask of four dimensions unchanged: the
    implementation "eager" adds it to the attention, all others read it as booleans.
    """
    if positions is None:
        return {"attention_mask": mask}
    seen = mask[:, None].bool()
    if model.config._attn_implementation == "eager":
        seen = torch.zeros_like(seen, dtype=model.dtype).masked_fill(
            ~seen, torch.finfo(model.dtype).min
        )
    return {"attention_mask": seen, "position_ids": positions}


@contextmanager
def _selected(
    model: Any, rows: torch.Tensor, columns: torch.Tensor, choices: torch.Tensor
) -> Iterator[bool]:
    """Restrict the logits of `model` to the given positions, and to the given tokens if there are any:
    (1, positions, tokens). Most tokens of a prompt decide nothing, and the head is most of the work of
    a small model.

    YIELDS (bool): Whether the logits are restricted; False if the head is not a plain linear layer.
    """
    head = model.get_output_embeddings()
    if type(head) is not nn.Linear:
        yield False
        return

    def forward(hidden: torch.Tensor) -> torch.Tensor:
        chosen = choices if len(choices) else slice(None)
        bias = None if head.bias is None else head.bias[chosen]
        return functional.linear(hidden[rows, columns], head.weight[chosen], bias)[None]

    # An attribute of the instance hides the method of the class until it is deleted again.
    vars(head)["forward"] = forward
    try:
        yield True
    finally:
        del vars(head)["forward"]
