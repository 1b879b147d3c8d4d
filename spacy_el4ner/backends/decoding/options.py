"""Scoring of given options without generating text.

The options of a question form a prefix tree of tokens. The model decides only where the tree branches;
an option's probability is the product of the decisions on its path. So options of any length compare
fairly, and options whose first tokens differ cost one pass altogether.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from spacy_el4ner.backends.decoding.decisions import TokenDecision, decide
from spacy_el4ner.backends.decoding.prefixes import PrefixTree
from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.backends.decoding.sharing import Prompt, begin


@dataclass(frozen=True)
class Fork:
    """A place where the tree of options branches.

    path (tuple[int, ...]): The tokens from the root to this place.
    children (tuple[int, ...]): The tokens that may follow.
    """

    path: tuple[int, ...]
    children: tuple[int, ...]


def forks(options: Sequence[tuple[int, ...]]) -> list[Fork]:
    """options (Sequence[tuple[int, ...]]): Tokens of each option; no option is a prefix of another.
    RETURNS (list[Fork]): The places where the tree of the options branches.
    """
    following: dict[tuple[int, ...], dict[int, None]] = {}
    for option in options:
        for n, token in enumerate(option):
            following.setdefault(option[:n], {})[token] = None
    return [Fork(path, tuple(c)) for path, c in following.items() if len(c) > 1]


def score(
    runner: Runner,
    prompts: Sequence[Prompt],
    options: Sequence[Sequence[tuple[int, ...]]],
    prefixes: PrefixTree,
) -> list[list[float]]:
    """runner (Runner): The model.
    prompts (Sequence[Prompt]): Tokens of each question's prompt, whose rest is not empty.
    options (Sequence[Sequence[tuple[int, ...]]]): For each question the tokens of its options, with an
        end token, so that no option is a prefix of another.
    prefixes (PrefixTree): Prefixes read before; those read now are offered to it.
    RETURNS (list[list[float]]): For each question the log-probabilities of its options, in nats.
    """
    branches = [(n, fork) for n, given in enumerate(options) for fork in forks(given)]
    if not branches:
        return [[0.0] * len(given) for given in options]
    rows = [sum(prompts[n], ()) + fork.path for n, fork in branches]
    cache, read = begin(runner, rows, prefixes)
    rest = [row[n:] for row, n in zip(rows, read, strict=True)]
    decisions = [TokenDecision(row, 0, fork.children) for row, (_, fork) in enumerate(branches)]
    union = sorted({token for d in decisions for token in d.allowed})
    logits, cache = runner.next(rest, torch.tensor(union), cache)
    for row, (n, _) in enumerate(branches):
        prefixes.put(prompts[n][0], cache, row)
    decided: list[dict[tuple[int, ...], float]] = [{} for _ in options]
    chosen = decide(logits, union, decisions, runner.name)
    for (n, fork), found in zip(branches, chosen, strict=True):
        for token, logprob in zip(fork.children, found, strict=True):
            decided[n][(*fork.path, token)] = logprob
    return [
        [
            math.fsum(decided[n].get(option[: k + 1], 0.0) for k in range(len(option)))
            for option in given
        ]
        for n, given in enumerate(options)
    ]
