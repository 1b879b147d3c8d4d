"""The mean of the weights over the last steps, which errs less than any of them."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from spacy_el4ner.training.sft.weights import put, trainable


class Average:
    """An exponential moving average of the trainable weights of a model.

    model (Module): Whose.
    decay (float): How much of the mean is kept in a step, 0 to 1: 0.995 is a mean over some 200 steps.
        Over the first steps, of which there are fewer, it is less.
    """

    def __init__(self, model: torch.nn.Module, decay: float):
        self.model = model
        self.decay = decay
        self.weights = {name: value.clone() for name, value in trainable(model).items()}

    def update(self, step: int) -> None:
        """step (int): Which one the model has just made, from 0."""
        kept = min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in trainable(self.model).items():
                self.weights[name].lerp_(value, 1 - kept)

    def resume(self, weights: Mapping[str, torch.Tensor]) -> None:
        """weights (Mapping[str, Tensor]): The mean of an interrupted run."""
        for name, value in weights.items():
            self.weights[name].copy_(value)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Until the end of the block, the model has the mean in place of its own weights."""
        own = {name: value.clone() for name, value in trainable(self.model).items()}
        self.settle()
        try:
            yield
        finally:
            put(self.model, own)

    def settle(self) -> None:
        """Give the model the mean in place of its own weights."""
        put(self.model, self.weights)
