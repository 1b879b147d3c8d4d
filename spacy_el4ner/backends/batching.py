"""Batches of prompts that fit into memory, and their answers in the order of the prompts."""

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple, TypeVar

from spacy_el4ner.progress import beat

T = TypeVar("T")


class Size(NamedTuple):
    """What a prompt takes up in a batch.

    longest (int): Tokens of its longest row.
    unread (int): Those that the model has yet to read.
    rows (int): Number of rows.
    prefix (Hashable): The beginning of the prompt, which others may share.
    """

    longest: int
    unread: int
    rows: int
    prefix: Hashable


def answer_in_batches(
    sizes: Sequence[Size], most: int, answer: Callable[[list[int]], list[T]]
) -> list[T]:
    """Answer prompts in batches.

    sizes (Sequence[Size]): The size of each prompt.
    most (int): Maximum number of tokens of a batch, padding included. A prompt that exceeds it alone
        is a batch of its own.
    answer (Callable[[list[int]], list[T]]): Answers the prompts with the given numbers, in order.
    RETURNS (list[T]): An answer for each prompt, in order.
    """
    answers: dict[int, T] = {}
    for batch in batches(ordered(sizes), sizes, most):
        answers.update(zip(batch, answer(batch), strict=True))
        beat(f"{len(answers)} of {len(sizes)} answers")
    return [answers[n] for n in range(len(sizes))]


def ordered(sizes: Sequence[Size]) -> list[int]:
    """sizes (Sequence[Size]): The size of each prompt.
    RETURNS (list[int]): Numbers of the prompts, in the order in which to batch them: those with the
        same prefix together, and next to one another those that need a similar amount of reading.
    """

    def amount(n: int) -> tuple[int, int]:
        return sizes[n].unread, sizes[n].longest

    groups: dict[Hashable, list[int]] = {}
    for n in sorted(range(len(sizes)), key=amount, reverse=True):
        groups.setdefault(sizes[n].prefix, []).append(n)
    return [n for group in groups.values() for n in group]


def batches(order: Iterable[int], sizes: Sequence[Size], most: int) -> Iterator[list[int]]:
    """order (Iterable[int]): Numbers of prompts, in the order in which to batch them.
    sizes (Sequence[Size]): The size of each prompt.
    most (int): Maximum number of tokens of a batch, padding included.
    YIELDS (list[int]): The numbers of the prompts of a batch.
    """
    batch: list[int] = []
    longest = high = 0
    for n in order:
        longest, high = max(longest, sizes[n].longest), high + sizes[n].rows
        if batch and high * longest > most:
            yield batch
            batch, longest, high = [], sizes[n].longest, sizes[n].rows
        batch.append(n)
    if batch:
        yield batch


def halving(runner: Any, batch: list[int], answer: Callable[[Any, list[int]], list[T]]) -> list[T]:
    """Answer a batch, split into ever smaller ones as long as the memory of the GPU is exceeded.

    runner (Runner): The model.
    batch (list[int]): Numbers of prompts.
    answer (Callable[[Any, list[int]], list[T]]): Answers the prompts with the given numbers, in order.
    RETURNS (list[T]): An answer for each prompt of the batch, in order.
    RAISES (torch.cuda.OutOfMemoryError): The memory does not suffice for a single prompt.
    """
    import torch

    try:
        return answer(runner, batch)
    except torch.cuda.OutOfMemoryError:
        if len(batch) == 1:
            raise
    # Outside the handler, which keeps the failed pass and its memory alive.
    torch.cuda.empty_cache()
    half = len(batch) // 2
    return halving(runner, batch[:half], answer) + halving(runner, batch[half:], answer)
