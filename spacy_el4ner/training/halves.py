"""Gradients of a batch, half of it on each of two threads.

Threads that share one operation wait for each other at its end, some thousand times a step. Those that
have sentences of their own wait once. And the sum of two halves is the same on any number of cores.
"""

import math
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TypeVar

import torch

T = TypeVar("T")
HALVES = 2


class Halves:
    """parameters (Sequence[Parameter]): What the gradients are of.
    pool (ThreadPoolExecutor): The two threads.
    """

    def __init__(self, parameters: Sequence[torch.nn.Parameter], pool: ThreadPoolExecutor):
        self.parameters = parameters
        self.pool = pool

    def backward(self, loss: Callable[[Sequence[T]], torch.Tensor], batch: Sequence[T]) -> float:
        """loss (Callable): The loss of some items, summed over them; called on both threads at once, so
            nothing in it may draw at random.
        batch (Sequence): Items, at least one.
        RETURNS (float): The mean loss of an item. Each parameter's `grad` is now that of this mean.
        """

        def half(items: Sequence[T]) -> tuple[float, tuple[torch.Tensor, ...]]:
            value = loss(items) / len(batch)
            return value.item(), torch.autograd.grad(value, self.parameters)

        parts = [part for n in range(HALVES) if (part := batch[n::HALVES])]
        values, gradients = zip(*self.pool.map(half, parts), strict=True)
        for parameter, (first, *others) in zip(
            self.parameters, zip(*gradients, strict=True), strict=True
        ):
            parameter.grad = sum(others, first)
        return math.fsum(values)


@contextmanager
def halves(parameters: Sequence[torch.nn.Parameter]) -> Iterator[Halves]:
    """parameters (Sequence[Parameter]): What the gradients are of.
    YIELDS (Halves): Until the end of the block, in which torch has one thread for an operation.
    """
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    with ThreadPoolExecutor(HALVES, initializer=torch.set_num_threads, initargs=(1,)) as pool:
        try:
            yield Halves(parameters, pool)
        finally:
            torch.set_num_threads(threads)
