"""The loss of answers: cross-entropy of their decisions."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn
from torch.nn import functional

from spacy_el4ner.training.sft.data import Batch


def answer_loss(model: Any, bare: Any, batch: Batch) -> torch.Tensor:
    """model (Module): A causal language model, as it is called.
    bare (PreTrainedModel): The same without what wraps it.
    batch (Batch): Lessons.
    RETURNS (Tensor): Cross-entropy of all decisions, summed, in nats: each over its allowed tokens, or
        over the vocabulary where all are.
    """
    rows, columns = batch.where.unbind(1)
    with _selected(bare, rows, columns, batch.choices) as selected:
        logits = model(input_ids=batch.tokens, attention_mask=batch.mask, use_cache=False).logits
    if not selected:
        logits = logits[rows, columns][None]
        logits = logits[..., batch.choices] if len(batch.choices) else logits
    logits = logits[0].float()
    if len(batch.choices):
        logits = logits.gather(1, batch.allowed.clamp(min=0))
        logits = logits.masked_fill(batch.allowed < 0, -torch.inf)
    return functional.cross_entropy(logits, batch.targets, reduction="sum")


@contextmanager
def _selected(
    model: Any, rows: torch.Tensor, columns: torch.Tensor, choices: torch.Tensor
) -> Iterator[bool]:
    """While it is open, `model` returns logits of the given places alone, and of the given tokens alone
    where there are any: (1, places, tokens). Most of a prompt decides nothing, and the head of a small
    model is most of its work.

    YIELDS (bool): Whether it is so; False for a head that is no plain linear layer.
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
