"""The dialect of vLLM: constrained answers, and log-probabilities of given answers."""

import math
from collections.abc import Sequence
from typing import Any

from spacy_el4ner.backends.dialects.base import Question
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.backends.replies import read_logprob
from spacy_el4ner.types import Grammar

NO_THOUGHTS = {"enable_thinking": False}
"""Switch for the chat templates of models that can think before they answer."""

Tokens = list[tuple[str, float]]
"""The tokens of a prompt, each as its id and log-probability."""


class VLLM:
    """Constrains answers with `structured_outputs`, gets the log-probabilities of their tokens with
    `logprobs`, and scores each option as a given answer with `prompt_logprobs`.
    """

    identity = "vllm"
    exact = True

    def fields(self, grammar: Grammar) -> dict[str, Any]:
        """grammar (Grammar): The language of the answer.
        RETURNS (dict[str, Any]): Fields that constrain the answer to the options or to the rules of
            the grammar, and ask for log-probabilities. A grammar too large to export does not constrain
            the answer.
        """
        fields = {"logprobs": True, "top_logprobs": 1, "chat_template_kwargs": NO_THOUGHTS}
        rules = {"choice": list(grammar.choices)} if grammar.choices else {"grammar": gbnf(grammar)}
        return fields | ({"structured_outputs": rules} if all(rules.values()) else {})

    def questions(self, options: Sequence[str]) -> list[Question]:
        """options (Sequence[str]): The options of a prompt.
        RETURNS (list[Question]): A request for each option, with the option as the assistant's turn.
        """
        fields = {
            "continue_final_message": True,
            "add_generation_prompt": False,
            "prompt_logprobs": 0,
            "chat_template_kwargs": NO_THOUGHTS,
        }
        return [Question(fields, read_prompt, option, max_tokens=1) for option in options]

    def scores(self, options: Sequence[str], readings: Sequence[Tokens]) -> list[float]:
        """options (Sequence[str]): The options of a prompt.
        readings (Sequence[list[tuple[str, float]]]): The tokens of the prompt with each option.
        RETURNS (list[float]): Log-probability of each option in nats, given that the answer is one of
            the options.
        """
        return compare(readings)


def read_prompt(reply: dict[str, Any]) -> Tokens:
    """reply (dict[str, Any]): The reply to a request with `prompt_logprobs`.
    RETURNS (list[tuple[str, float]]): Id and log-probability of each token of the prompt except the
        first.
    RAISES (Unusable): The reply has no log-probabilities of the prompt.
    """
    places = reply.get("prompt_logprobs") or ()
    try:
        # The prompt's own token comes first; alternatives may follow.
        firsts = [next(iter(place.items())) for place in places[1:]]
        tokens = [(token, read_logprob(entry["logprob"])) for token, entry in firsts]
    except (AttributeError, KeyError, StopIteration, TypeError, ValueError):
        tokens = []
    if not tokens:
        raise Unusable("an answer without the log-probabilities of the prompt")
    return tokens


def compare(prompts: Sequence[Tokens]) -> list[float]:
    """prompts (Sequence[list[tuple[str, float]]]): The same prompt followed by each of several answers.
    RETURNS (list[float]): Log-probability of each answer in nats, given that it is one of them. If an
        answer is a prefix of others, their probability is subtracted from that of the prefix. If
        no answer is possible, all are -inf.
    """
    shared = _shared([[token for token, _ in prompt] for prompt in prompts])
    paths = [tuple(token for token, _ in prompt[shared:]) for prompt in prompts]
    logprobs = [math.fsum(logprob for _, logprob in prompt[shared:]) for prompt in prompts]
    top = max(logprobs)
    if top == -math.inf:
        return logprobs
    mass = [math.exp(logprob - top) for logprob in logprobs]
    for n in sorted(range(len(paths)), key=lambda n: -len(paths[n])):
        longer = (m for m, p in zip(mass, paths, strict=True) if p != paths[n] and _begins(paths[n], p))
        mass[n] = max(mass[n] - sum(longer), 0.0)
    total = sum(mass)
    return [math.log(m / total) if m else -math.inf for m in mass]


def _shared(rows: Sequence[Sequence[str]]) -> int:
    """Length of the common prefix of all rows."""
    columns = zip(*rows, strict=False)
    return next((n for n, c in enumerate(columns) if len(set(c)) > 1), min(map(len, rows)))


def _begins(short: Sequence[str], long: Sequence[str]) -> bool:
    """Whether the short sequence is a prefix of the long one."""
    return long[: len(short)] == short
