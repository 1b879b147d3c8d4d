"""Batches of prompts that fit into memory, and their answers in the order of the prompts."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from spacy_el4ner.progress import beat

T = TypeVar("T")


def answer_in_batches(
    lengths: Sequence[int],
    unread: Sequence[int],
    rows: Sequence[int],
    most: int,
    answer: Callable[[list[int]], list[T]],
) -> list[T]:
    """Answer prompts in batches, those that need a similar amount of reading together.

    lengths (Sequence[int]): Tokens of the longest row of each prompt.
    unread (Sequence[int]): Tokens of each prompt that the model has yet to read.
    rows (Sequence[int]): Rows that each prompt takes up in a batch.
    most (int): Maximum number of tokens of a batch, padding included. A prompt that exceeds it alone
        is a batch of its own.
    answer (Callable[[list[int]], list[T]]): Answers the prompts with the given numbers, in order.
    RETURNS (list[T]): An answer for each prompt, in order.
    """
    order = sorted(range(len(lengths)), key=lambda n: (-unread[n], -lengths[n]))
    answers: dict[int, T] = {}
    for batch in batches(order, lengths, rows, most):
        answers.update(zip(batch, answer(batch), strict=True))
        beat(f"{len(answers)} of {len(lengths)} answers")
    return [answers[n] for n in range(len(lengths))]


def batches(
    order: Iterable[int], lengths: Sequence[int], rows: Sequence[int], most: int
) -> Iterator[list[int]]:
    """order (Iterable[int]): Numbers of prompts, in the order in which to batch them.
    lengths (Sequence[int]): Tokens of the longest row of each prompt.
    rows (Sequence[int]): Rows that each prompt takes up in a batch.
    most (int): Maximum number of tokens of a batch, padding included.
    YIELDS (list[int]): The numbers of the prompts of a batch.
    """
    batch: list[int] = []
    longest = high = 0
    for n in order:
        longest, high = max(longest, lengths[n]), high + rows[n]
        if batch and high * longest > most:
            yield batch
            batch, longest, high = [], lengths[n], rows[n]
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
