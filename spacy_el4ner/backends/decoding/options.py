"""Scoring of given options: their log-probabilities are read, nothing is generated.

The options of a question form a prefix tree of tokens. Only where the tree branches does the model
decide anything; an option's probability is the product of the decisions on its way. So options of any
length compare fairly, and options whose first tokens differ cost one pass altogether.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from spacy_el4ner.backends.decoding.runner import Runner


@dataclass(frozen=True)
class Fork:
    """A place where the tree of options branches.

    path (tuple[int, ...]): The tokens on the way there.
    children (tuple[int, ...]): The tokens that may follow.
    """

    path: tuple[int, ...]
    children: tuple[int, ...]


def forks(options: Sequence[tuple[int, ...]]) -> list[Fork]:
    """options (Sequence[tuple[int, ...]]): Tokens of each option, none the beginning of another.
    RETURNS (list[Fork]): Where they part.
    """
    following: dict[tuple[int, ...], dict[int, None]] = {}
    for option in options:
        for n, token in enumerate(option):
            following.setdefault(option[:n], {})[token] = None
    return [Fork(path, tuple(c)) for path, c in following.items() if len(c) > 1]


def score(
    runner: Runner,
    prefixes: Sequence[Sequence[int]],
    questions: Sequence[tuple[int, Sequence[int]]],
    options: Sequence[Sequence[tuple[int, ...]]],
) -> list[list[float]]:
    """runner (Runner): The model.
    prefixes (Sequence[Sequence[int]]): Beginnings of prompts; each is read once.
    questions (Sequence[tuple[int, Sequence[int]]]): For each question the index of its prefix and
        the tokens, at least one, that follow it.
    options (Sequence[Sequence[tuple[int, ...]]]): For each question the tokens of its options, each
        ended so that none is the beginning of another.
    RETURNS (list[list[float]]): For each question the log-probabilities of its options, in nats.
    """
    trees = [forks(o) for o in options]
    places = [(n, fork) for n, tree in enumerate(trees) for fork in tree]
    if not places:
        return [[0.0] * len(o) for o in options]
    union = sorted({token for _, fork in places for token in fork.children})
    column = {token: c for c, token in enumerate(union)}
    cache = runner.read(prefixes).select([questions[n][0] for n, _ in places])
    rows = [[*questions[n][1], *fork.path] for n, fork in places]
    logits, _ = runner.next(rows, torch.tensor(union), cache)
    decided: list[dict[tuple[int, ...], float]] = [{} for _ in questions]
    for (n, fork), row in zip(places, logits.cpu(), strict=True):
        chosen = row[[column[token] for token in fork.children]].log_softmax(-1).tolist()
        for token, logprob in zip(fork.children, chosen, strict=True):
            decided[n][(*fork.path, token)] = logprob
    return [
        [
            math.fsum(decided[n].get(option[: k + 1], 0.0) for k in range(len(option)))
            for option in given
        ]
        for n, given in enumerate(options)
    ]
