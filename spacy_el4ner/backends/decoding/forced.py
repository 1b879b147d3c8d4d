"""Teacher forcing: the decisions of a model at each place of a given answer."""

import math
from collections.abc import Sequence

import torch

from spacy_el4ner.backends.decoding.automaton import ForcedDecision, TokenAutomaton
from spacy_el4ner.backends.decoding.decisions import TokenDecision, decide
from spacy_el4ner.backends.decoding.runner import Runner


def force(
    runner: Runner,
    prompts: Sequence[Sequence[int]],
    automata: Sequence[TokenAutomaton],
    answers: Sequence[Sequence[int]],
) -> list[list[ForcedDecision]]:
    """Read each prompt with its answer in one pass (teacher forcing).

    runner (Runner): The model.
    prompts (Sequence[Sequence[int]]): Tokens of each prompt.
    automata (Sequence[TokenAutomaton]): The language of each answer, without biases.
    answers (Sequence[Sequence[int]]): Tokens of each answer.
    RETURNS (list[list[ForcedDecision]]): The decisions of each answer, in order. A place with a token
        that can belong to both sides is left out.
    """
    if not prompts:
        return []
    walks = [_walk(a, answer) for a, answer in zip(automata, answers, strict=True)]
    last = 1 + max(len(answer) for answer in answers)
    decisions, taken = [], []
    for row, (walk, answer) in enumerate(zip(walks, answers, strict=True)):
        for at, place in walk:
            decisions.append(TokenDecision(row, last - 1 - len(answer) + at, place.allowed))
            taken.append((row, place, answer[at]))
    union = sorted({token for d in decisions for token in d.allowed})
    feed = [[*prompt, *answer] for prompt, answer in zip(prompts, answers, strict=True)]
    logits, _ = runner.next(feed, torch.tensor(union or [0]), None, last)
    forced: list[list[ForcedDecision]] = [[] for _ in prompts]
    for (row, place, token), logprobs in zip(
        taken, decide(logits, union, decisions, runner.name), strict=True
    ):
        sides = [side for side in place.sides if side is not None]
        departing = _mass(logprobs, [side.departs for side in sides])
        staying = _mass(logprobs, [not side.departs for side in sides])
        departs = sides[place.allowed.index(token)].departs
        forced[row].append(ForcedDecision(sides[0].decision, departing - staying, departs))
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
