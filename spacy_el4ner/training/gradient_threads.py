"""Gradients of a batch on two threads, each of which computes one half of it.

Threads that share one operation wait for each other at its end, thousands of times a step; threads with
sentences of their own wait once. The sum of two halves is also the same on any number of cores.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

T = TypeVar("T")
THREADS = 2


class GradientThreads:
    """Computes gradients on the threads of a pool.

    parameters (Sequence[Parameter]): The parameters to compute gradients of.
    pool (ThreadPoolExecutor): The two threads.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter], pool: ThreadPoolExecutor):
        self.parameters = parameters
        self.pool = pool

    def backward(self, loss: Callable[[Sequence[T]], torch.Tensor], batch: Sequence[T]) -> float:
        """Set the `grad` of each parameter to the gradient of the mean loss of the items.

        loss (Callable): Returns the loss of some items, summed. It is called on both threads at once,
            so it must not draw random numbers.
        batch (Sequence): Items, at least one.
        RETURNS (float): The mean loss of an item.
        """

        def half(items: Sequence[T]) -> tuple[float, tuple[torch.Tensor, ...]]:
            value = loss(items) / len(batch)
            return value.item(), torch.autograd.grad(value, self.parameters)

        parts = [part for n in range(THREADS) if (part := batch[n::THREADS])]
        values, gradients = zip(*self.pool.map(half, parts), strict=True)
        for parameter, (first, *others) in zip(
            self.parameters, zip(*gradients, strict=True), strict=True
        ):
            parameter.grad = sum(others, first)
        return math.fsum(values)


@contextmanager
def gradient_threads(parameters: Sequence[torch.nn.Parameter]) -> Iterator[GradientThreads]:
    """Use two threads, with one thread an operation, until the end of the block.

    parameters (Sequence[Parameter]): The parameters to compute gradients of.
    YIELDS (GradientThreads): Computes the gradients.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with ThreadPoolExecutor(THREADS, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            yield GradientThreads(parameters, pool)
        finally:
            torch.set_num_threads(threads)
