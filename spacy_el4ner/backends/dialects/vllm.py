"""The dialect of vLLM: constrained answers, alternatives for their tokens, and given answers."""

import math
from collections.abc import Sequence
from typing import Any

from spacy_el4ner.backends.dialects.alternatives import (
    UNCLEAR,
    Alternatives,
    Shares,
    distribute,
    logs,
    read_alternatives,
)
from spacy_el4ner.backends.dialects.base import Ask, Question
from spacy_el4ner.backends.grammars import gbnf
from spacy_el4ner.backends.http import Unusable
from spacy_el4ner.backends.replies import read_logprob
from spacy_el4ner.formats import Choice
from spacy_el4ner.types import Grammar

LISTED = 20
"""Number of alternatives requested for each token: the most that a server allows by default."""
NO_THOUGHTS = {"enable_thinking": False}
"""Switch for the chat templates of models that can think before they answer."""

Tokens = list[tuple[str, float]]
"""The tokens of a prompt, each as its id and log-probability."""
Path = tuple[str, ...]
"""The ids of the first tokens of a prompt."""


class VLLM:
    """Constrains answers with `structured_outputs`, and gets the log-probabilities of their tokens and
    of the alternatives to them with `logprobs`; the server computes these after the constraint.

    One answer scores all options: where it differs from an option, the option's next token is among the
    alternatives. Only options that share an alternative are asked about once more, on their own. Where
    options cannot be told apart in this way, as on a server that does not constrain answers, each is
    scored as a given answer, with `prompt_logprobs`, for which the server does not use its cache.
    """

    identity = "vllm"
    exact = True

    def fields(self, grammar: Grammar) -> dict[str, Any]:
        """grammar (Grammar): The language of the answer.
        RETURNS (dict[str, Any]): Fields that constrain the answer to the options or to the rules of
            the grammar, and ask for log-probabilities. A grammar too large to export does not constrain
            the answer.
        """
        fields = {
            "logprobs": True,
            "top_logprobs": 1,
            "chat_template_kwargs": NO_THOUGHTS,
            "repetition_penalty": 1.0,  # that of the model's generation_config.json would punish a copy
        }
        rules = {"choice": list(grammar.choices)} if grammar.choices else {"grammar": gbnf(grammar)}
        return fields | ({"structured_outputs": rules} if all(rules.values()) else {})

    def score(self, options: Sequence[str], ask: Ask) -> list[float]:
        """options (Sequence[str]): The options of a prompt.
        ask (Callable[[Question], Any]): Sends a request about the prompt.
        RETURNS (list[float]): Log-probability of each option in nats, given that the answer is one of
            the options.
        """

        def shares(some: Sequence[str]) -> Shares | None:
            fields = self.fields(Choice(some)) | {"top_logprobs": LISTED}
            found: Alternatives = ask(Question(fields, lambda reply: read_alternatives(reply, some)))
            return found.shares if found.listed >= 1 - UNCLEAR else None

        def given(some: Sequence[str]) -> list[float]:
            fields = {
                "continue_final_message": True,
                "add_generation_prompt": False,
                "prompt_logprobs": 0,
                "chat_template_kwargs": NO_THOUGHTS,
            }
            return compare(
                [ask(Question(fields, read_prompt, option, max_tokens=1)) for option in some]
            )

        return logs(options, distribute(options, shares, given))


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
    RETURNS (list[float]): Probability of each answer, given that it is one of them: the product of the
        decisions where their tokens branch. Where an answer ends and others go on, it has what these
        leave. If no answer is possible, all are 0.
    """
    paths = [tuple(token for token, _ in prompt) for prompt in prompts]
    branches: dict[Path, dict[str, float]] = {}
    for prompt, path in zip(prompts, paths, strict=True):
        for n, (token, logprob) in enumerate(prompt):
            branches.setdefault(path[:n], {})[token] = logprob

    def decision(path: Path) -> float:
        """The probability of the last token of a path."""
        logprobs = branches[path[:-1]]
        top = max(logprobs.values())
        if top == -math.inf:
            return 0.0
        if path[:-1] in paths:
            return min(1.0, math.exp(logprobs[path[-1]]))
        return math.exp(logprobs[path[-1]] - top) / math.fsum(
            math.exp(p - top) for p in logprobs.values()
        )

    def end(path: Path) -> float:
        """The probability that the answer ends after a path."""
        longer = branches.get(path, {}).values()
        return max(0.0, 1 - math.fsum(map(math.exp, longer)))

    found = [math.prod(decision(path[: n + 1]) for n in range(len(path))) * end(path) for path in paths]
    total = math.fsum(found)
    return [p / total if total else 0.0 for p in found]
