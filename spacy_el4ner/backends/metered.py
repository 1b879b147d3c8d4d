"""A backend that counts the requests to a model and their tokens, which is what servers charge for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from spacy_el4ner.backends.base import Backend
from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.backends.wrapper import Wrapper
from spacy_el4ner.types import Answer, DecodeRequest, Prompt, ScoreRequest


@dataclass
class Usage:
    """What was asked of models.

    requests (int): Number of prompts.
    prompt_tokens (int): Their tokens, chat templates included.
    answer_tokens (int): Tokens of the answers; of options, those of the longest.
    """

    requests: int = 0
    prompt_tokens: int = 0
    answer_tokens: int = 0


class MeteredBackend(Wrapper[Backend]):
    """backend (Backend): Does the work.
    usage (Usage): Where requests are counted; several backends can share one. Answers that the backend
        takes from a store are counted, too.
    """

    def __init__(self, backend: Backend, usage: Usage):
        super().__init__(backend)
        self.usage = usage

    @property
    def identity(self) -> Any:
        """RETURNS (Any): The identity of the backend."""
        return getattr(self.backend, "identity", self.model)

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        """requests (Sequence[DecodeRequest]): The requests.
        RETURNS (list[Answer]): The answers.
        """
        answers = self.backend.decode(requests)
        for request, answer in zip(requests, answers, strict=True):
            self._add(request.prompt, [answer.text])
        return answers

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        """requests (Sequence[ScoreRequest]): The requests.
        RETURNS (list[list[float]]): Log-probabilities of the options of each, in nats.
        """
        for request in requests:
            self._add(request.prompt, request.options)
        return self.backend.score(requests)

    def force(self, requests: Sequence[DecodeRequest]) -> list[list[ForcedDecision]]:
        """requests (Sequence[DecodeRequest]): Prompts, each with the whole answer as its `guess`.
        RETURNS (list[list[ForcedDecision]]): The model's decision at each place of each answer.
        """
        for request in requests:
            self._add(request.prompt, ["".join(request.guess)])
        return super().force(requests)

    def _add(self, prompt: Prompt, answers: Sequence[str]) -> None:
        read, written = tokens(self.backend, prompt, answers)
        self.usage.requests += 1
        self.usage.prompt_tokens += read
        self.usage.answer_tokens += written


def tokens(backend: Backend, prompt: Prompt, answers: Sequence[str]) -> tuple[int, int]:
    """backend (Backend): Counts tokens.
    prompt (Prompt): A prompt.
    answers (Sequence[str]): The answer, or the options for it.
    RETURNS (tuple[int, int]): Tokens of the prompt, and of the longest answer.
    """
    return backend.count_prompt(prompt), max(map(backend.count, answers), default=0)
