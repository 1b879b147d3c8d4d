"""The mean of the weights over the last steps, which generalises better than the last weights."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager

import torch

from spacy_el4ner.training.sft.weights import copy_weights, trainable_weights


class WeightAverage:
    """An exponential moving average of the trainable weights of a model.

    model (Module): The model.
    decay (float): Share of the mean that is kept in a step, 0 to 1: 0.995 averages some 200 steps. It
        is lower in the first steps, when there are fewer weights to average.
    """

    def __init__(self, model: torch.nn.Module, decay: float):
        self.model = model
        self.decay = decay
        self.weights = {name: value.clone() for name, value in trainable_weights(model).items()}

    def update(self, step: int) -> None:
        """Add the current weights to the mean.

        step (int): Number of the step that the model has just made, from 0.
        """
        kept = min(self.decay, (1 + step) / (10 + step))
        with torch.no_grad():
            for name, value in trainable_weights(self.model).items():
                self.weights[name].lerp_(value, 1 - kept)

    def resume(self, weights: Mapping[str, torch.Tensor]) -> None:
        """Continue with the mean of an interrupted run.

        weights (Mapping[str, Tensor]): Name -> mean weight.
        """
        for name, value in weights.items():
            self.weights[name].copy_(value)

    @contextmanager
    def in_place(self) -> Iterator[None]:
        """Give the model the mean in place of its own weights until the end of the block.

        YIELDS (None): Once, when the model has the mean.
        """
        own = {name: value.clone() for name, value in trainable_weights(self.model).items()}
        self.settle()
        try:
            yield
        finally:
            copy_weights(self.model, own)

    def settle(self) -> None:
        """Give the model the mean in place of its own weights."""
        copy_weights(self.model, self.weights)
