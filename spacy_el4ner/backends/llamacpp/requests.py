"""Completion requests of llama.cpp, and the reading of its replies.

An answer is decoded greedily under a grammar. Options are scored where the tree of their tokens
branches: all tokens that may follow get the same large bias, so that they have nearly all of the
probability, in the proportions that the model gives them.
"""

import math
from collections.abc import Sequence
from typing import Any

from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.replies import read_answer
from spacy_el4ner.types import Answer, Grammar

BIAS = 100.0
"""Added to the logit of each token that may follow. Float32 still tells 0.00001 apart there."""


def decoding(prompt: Sequence[int], grammar: Grammar, longest: int, stop: str = "") -> dict[str, Any]:
    """prompt (Sequence[int]): Tokens of the prompt.
    grammar (Grammar): The language of the answer. Where it is too large to be written down, the answer
        is free text that ends before `stop`.
    longest (int): The most tokens of the answer.
    stop (str): The text that follows an answer in a text to be continued.
    RETURNS (dict[str, Any]): The request.
    """
    fields = {
        "prompt": list(prompt),
        "n_predict": longest,
        "temperature": 0,
        "n_probs": 1,
        "cache_prompt": True,
    }
    rules = gbnf(grammar, end=stop)
    if rules is not None:
        return {**fields, "grammar": rules}
    return {**fields, "stop": [stop]} if stop else fields


def read_decoding(reply: dict[str, Any], stop: str = "") -> Answer:
    """reply (dict[str, Any]): The reply to a request of `decoding`.
    stop (str): The text that follows an answer.
    RETURNS (Answer): Its text and the log-probabilities of its tokens among all tokens of the model.
    """
    choice = reply["choices"][0]
    message = {"content": choice["text"].removesuffix(stop)}
    return read_answer({"choices": [{**choice, "message": message}]})


def choosing(prompt: Sequence[int], children: Sequence[int]) -> dict[str, Any]:
    """prompt (Sequence[int]): Tokens of the prompt, and of the options up to a place where they part.
    children (Sequence[int]): Tokens that may follow.
    RETURNS (dict[str, Any]): The request.
    """
    return {
        "prompt": list(prompt),
        "n_predict": 1,
        "n_probs": len(children),
        "post_sampling_probs": True,
        "samplers": ["temperature"],
        "temperature": 1.0,
        "logit_bias": [[token, BIAS] for token in children],
        "cache_prompt": True,
    }


def read_choosing(reply: dict[str, Any], children: Sequence[int]) -> list[float]:
    """reply (dict[str, Any]): The reply to a request of `choosing`.
    children (Sequence[int]): Tokens that may follow.
    RETURNS (list[float]): Log-probability of each of them in nats, given that one of them follows;
        -inf where it is less than a float32 holds.
    """
    (place,) = reply["choices"][0]["logprobs"]["content"]
    listed = {entry["id"]: float(entry["prob"]) for entry in place["top_probs"]}
    mass = [listed.get(token, 0.0) for token in children]
    total = math.fsum(mass)
    return [math.log(m / total) if m else -math.inf for m in mass]
