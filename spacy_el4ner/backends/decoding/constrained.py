"""Constrained greedy decoding, one token at a time, many rows at once.

The plain loop: what draft-verified decoding is compared with, and what runs where a sliding window has
no room for holes. Its rows have none but on their left.
"""

from collections.abc import Sequence

import torch

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.decoding.decisions import Decision, decide
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
        allowed in its place; 0 where only one was. One that the model has no room for has its `error`
        set.
    """
    places = list(automata)
    logprobs: list[list[float]] = [[] for _ in prompts]
    errors: dict[int, str] = {}

    def goes_on(n: int) -> bool:
        needed = len(prompts[n]) + len(logprobs[n])
        if places[n].allowed and runner.limit is not None and needed > runner.limit:
            errors[n] = runner.too_long(needed)
        return bool(places[n].allowed) and n not in errors

    rows = [n for n in range(len(prompts)) if goes_on(n)]
    feed = {n: list(prompts[n]) for n in rows}
    cache = None
    while rows:
        decisions = [Decision(row, 0, places[n].allowed) for row, n in enumerate(rows)]
        union = sorted({token for d in decisions for token in d.allowed})
        logits, cache = runner.next([feed[n] for n in rows], torch.tensor(union), cache)
        chosen = decide(logits, union, decisions, runner.name)
        for n, found in zip(rows, chosen, strict=True):
            best = max(range(len(found)), key=found.__getitem__)
            token = places[n].allowed[best]
            places[n] = places[n].step(token)
            logprobs[n].append(found[best])
            feed[n] = [token]
        going = [row for row, n in enumerate(rows) if goes_on(n)]
        cache = cache.select(going) if going else cache
        rows = [rows[row] for row in going]
    return [
        Answer("", error=errors[n]) if n in errors else Answer(*place.answer, tuple(logprobs[n]))
        for n, place in enumerate(places)
    ]
