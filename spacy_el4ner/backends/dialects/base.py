"""The protocol of server dialects, which describe the extensions of a kind of server."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from spacy_el4ner.types import Grammar


@dataclass(frozen=True)
class Question:
    """A request that helps to score the options of a prompt.

    fields (dict[str, Any]): Fields of the request, over those that every request has.
    read (Callable[[dict[str, Any]], Any]): Reads what the scores need from the server's reply. If the
        reply lacks it, the function raises `Unusable`, and the request is sent again.
    answer (str | None): The assistant's turn that follows the prompt; None if the server writes it.
    max_tokens (int | None): Maximum number of tokens that the server may write, which overrides the
        backend's `parameters`; None for as many as the longest option needs.
    """

    fields: dict[str, Any]
    read: Callable[[dict[str, Any]], Any]
    answer: str | None = None
    max_tokens: int | None = None


Ask = Callable[[Question], Any]
"""Sends a request, and returns what its `read` makes of the reply."""


@runtime_checkable
class Dialect(Protocol):
    """Asks a kind of server for constrained answers and for the probabilities of options."""

    @property
    def identity(self) -> str:
        """RETURNS (str): The name, and the settings if there are any. Stored answers are reused only
        under the same identity.
        """
        ...

    @property
    def exact(self) -> bool:
        """RETURNS (bool): Whether `questions` and `scores` give the model's own probabilities. If not,
        they are not called: the backend asks for an option in words, and the option that the model
        names gets all of the probability.
        """
        ...

    def fields(self, grammar: Grammar) -> dict[str, Any]:
        """grammar (Grammar): The language of the answer.
        RETURNS (dict[str, Any]): Request fields that constrain an answer to the grammar and ask for the
            log-probabilities of its tokens (`logprobs` of the common protocol). What the server does
            not support is left out: the prompt describes the form of the answer, too.
        """
        ...

    def score(self, options: Sequence[str], ask: Ask) -> list[float]:
        """options (Sequence[str]): The options of a prompt.
        ask (Callable[[Question], Any]): Sends a request about the prompt, and returns what its `read`
            makes of the reply. Prompts are scored at the same time, the requests of one in order.
        RETURNS (list[float]): Log-probability of each option in nats, given that the answer is one of
            the options; the probabilities sum to 1.
        """
        ...
