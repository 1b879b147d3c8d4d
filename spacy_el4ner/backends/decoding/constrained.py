"""Constrained greedy decoding, one token at a time, many rows at once.

This plain loop is the reference for draft-verified decoding, and its replacement where holes would
change the result: the rows have holes only on their left.
"""

from collections.abc import Sequence

import torch

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.decoding.decisions import TokenDecision, decide, unbiased
from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.types import Answer


def decode(
    runner: Runner, prompts: Sequence[Sequence[int]], automata: Sequence[TokenAutomaton]
) -> list[Answer]:
    """Take the most probable of the allowed tokens at every step.

    runner (Runner): The model.
    prompts (Sequence[Sequence[int]]): Tokens of each prompt.
    automata (Sequence[TokenAutomaton]): The language of each answer.
    RETURNS (list[Answer]): An answer for each prompt, with the log-probability of each token among
        those allowed at its place, 0 if it was the only one. An answer for which the model has no room
        has its `error` set.
    """
    places = list(automata)
    logprobs: list[list[float]] = [[] for _ in prompts]
    raw: list[list[float]] = [[] for _ in prompts]
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
        decisions = [
            TokenDecision(row, 0, places[n].allowed, places[n].biases) for row, n in enumerate(rows)
        ]
        union = sorted({token for d in decisions for token in d.allowed})
        logits, cache = runner.next([feed[n] for n in rows], torch.tensor(union), cache)
        chosen = decide(logits, union, decisions, runner.name)
        for n, row_logprobs in zip(rows, chosen, strict=True):
            best = max(range(len(row_logprobs)), key=row_logprobs.__getitem__)
            token = places[n].allowed[best]
            logprobs[n].append(row_logprobs[best])
            raw[n].append(unbiased(row_logprobs, places[n].biases, best))
            places[n] = places[n].step(token)
            feed[n] = [token]
        going = [row for row, n in enumerate(rows) if goes_on(n)]
        cache = cache.select(going) if going else cache
        rows = [rows[row] for row in going]
    return [
        Answer("", error=errors[n])
        if n in errors
        else Answer(*place.answer, tuple(logprobs[n]), tuple(raw[n]))
        for n, place in enumerate(places)
    ]
