"""A language model head that computes only the requested logits.

Constrained decoding chooses among a handful of tokens, but the head multiplies with the embeddings of
the whole vocabulary: for a small model that is most of the work, for a batch most of the memory.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch import nn


@contextmanager
def restricted(model: Any, tokens: torch.Tensor, last: int) -> Iterator[bool]:
    """Let `model` return only the logits of `tokens`, only at the last places, while the context is
    open.

    model (PreTrainedModel): A causal language model.
    tokens (Tensor): Token ids, (n,).
    last (int): Number of places, counted from the end.
    YIELDS (bool): Whether the logits are restricted. A model whose head is not a plain linear layer
        still returns all logits.
    """
    head = model.get_output_embeddings()
    if type(head) is not nn.Linear or "forward" in head.__dict__:
        yield False
        return
    weight = head.weight[tokens]
    bias = None if head.bias is None else head.bias[tokens]
    # An attribute of the instance hides the method of the class until it is deleted again.
    vars(head)["forward"] = lambda hidden: nn.functional.linear(hidden[:, -last:], weight, bias)
    try:
        yield True
    finally:
        del vars(head)["forward"]
