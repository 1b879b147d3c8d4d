"""Teacher forcing: the decisions of a model at each place of a given answer."""

import math
from collections.abc import Sequence
from itertools import chain

import torch

from spacy_el4ner.backends.decoding.automaton import ForcedDecision, TokenAutomaton
from spacy_el4ner.backends.decoding.decisions import TokenDecision, decide
from spacy_el4ner.backends.decoding.prefixes import PrefixTree
from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.backends.decoding.sharing import Prompt, begin


def force(
    runner: Runner,
    prompts: Sequence[Prompt],
    automata: Sequence[TokenAutomaton],
    answers: Sequence[Sequence[Sequence[int]]],
    prefixes: PrefixTree,
) -> list[list[ForcedDecision]]:
    """Read each prompt with its answer in one pass (teacher forcing).

    runner (Runner): The model.
    prompts (Sequence[Prompt]): Tokens of each prompt.
    automata (Sequence[TokenAutomaton]): The language of each answer, without biases.
    answers (Sequence[Sequence[Sequence[int]]]): Tokens of each option of each answer.
    prefixes (PrefixTree): Prefixes read before; those read now are offered to it.
    RETURNS (list[list[ForcedDecision]]): The decisions of each answer, in order. A place with a token
        that can belong to both sides is left out.
    """
    if not prompts:
        return []
    tokens = [list(chain.from_iterable(options)) for options in answers]
    walks = [_walk(a, answer) for a, answer in zip(automata, tokens, strict=True)]
    last = 1 + max(map(len, tokens))
    decisions, taken = [], []
    for row, (walk, options, answer) in enumerate(zip(walks, answers, tokens, strict=True)):
        numbers = [n for n, option in enumerate(options) for _ in option]
        for at, place in walk:
            decisions.append(TokenDecision(row, last - 1 - len(answer) + at, place.allowed))
            taken.append((row, place, answer[at], numbers[at]))
    union = sorted({token for d in decisions for token in d.allowed})
    rows = [sum(prompt, ()) for prompt in prompts]
    cache, read = begin(runner, rows, prefixes)
    feed = [[*row[n:], *answer] for row, n, answer in zip(rows, read, tokens, strict=True)]
    logits, cache = runner.next(feed, torch.tensor(union or [0]), cache, last)
    for row, (prefix, _) in enumerate(prompts):
        prefixes.put(prefix, cache, row)
    forced: list[list[ForcedDecision]] = [[] for _ in prompts]
    for (row, place, token, option), logprobs in zip(
        taken, decide(logits, union, decisions, runner.name), strict=True
    ):
        sides = [side for side in place.sides if side is not None]
        departing = _mass(logprobs, [side.departs for side in sides])
        staying = _mass(logprobs, [not side.departs for side in sides])
        departs = sides[place.allowed.index(token)].departs
        name = sides[0].decision
        forced[row].append(ForcedDecision(name, departing - staying, departs, option))
    return forced


def _walk(place: TokenAutomaton, answer: Sequence[int]) -> list[tuple[int, TokenAutomaton]]:
    """The places of an answer with a decision whether to depart, each with its number of tokens."""
    places = []
    for at, token in enumerate(answer):
        sides = place.sides
        if len(sides) > 1 and None not in sides and len({s.departs for s in sides if s}) == 2:
            places.append((at, place))
        place = place.step(token)
    return places


def _mass(logprobs: Sequence[float], chosen: Sequence[bool]) -> float:
    """The log of the summed probability of the chosen tokens."""
    inside = [logprob for logprob, one in zip(logprobs, chosen, strict=True) if one]
    top = max(inside)
    return top + math.log(math.fsum(math.exp(one - top) for one in inside))
