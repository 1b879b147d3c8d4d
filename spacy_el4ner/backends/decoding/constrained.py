"""Constrained greedy decoding, one token at a time, many rows at once."""

import math
from collections.abc import Sequence

import torch

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.types import Answer


def decode(
    runner: Runner, prompts: Sequence[Sequence[int]], automata: Sequence[TokenAutomaton]
) -> list[Answer]:
    """At every token take the most probable of those that the format allows.

    runner (Runner): The model.
    prompts (Sequence[Sequence[int]]): Tokens of each prompt.
    automata (Sequence[TokenAutomaton]): The language of each answer.
    RETURNS (list[Answer]): An answer a prompt, with the log-probability of each token among those
        allowed in its place; 0 where only one was.
    """
    logprobs: list[list[float]] = [[] for _ in prompts]
    rows = [n for n, automaton in enumerate(automata) if automaton.allowed]
    feed = {n: list(prompts[n]) for n in rows}
    cache = None
    while rows:
        allowed = {n: automata[n].allowed for n in rows}
        union = sorted({token for tokens in allowed.values() for token in tokens})
        column = {token: c for c, token in enumerate(union)}
        logits, cache = runner.next([feed[n] for n in rows], torch.tensor(union), cache)
        scores = logits.cpu()
        for row, n in enumerate(rows):
            token, logprob = _best(scores[row], allowed[n], column)
            automata[n].step(token)
            logprobs[n].append(logprob)
            feed[n] = [token]
        going = [row for row, n in enumerate(rows) if automata[n].allowed]
        if going and len(going) < len(rows):
            cache = cache.select(going)
        rows = [rows[row] for row in going]
    return [
        Answer(*automaton.answer, tuple(found))
        for automaton, found in zip(automata, logprobs, strict=True)
    ]


def _best(logits: torch.Tensor, allowed: Sequence[int], column: dict[int, int]) -> tuple[int, float]:
    """The best allowed token and its log-probability among the allowed ones."""
    if len(allowed) == 1:
        return allowed[0], 0.0
    values = logits[[column[token] for token in allowed]].tolist()
    top = max(values)
    best = values.index(top)
    return allowed[best], -math.log(sum(math.exp(v - top) for v in values))
