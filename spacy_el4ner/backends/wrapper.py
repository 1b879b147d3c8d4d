"""The base class of backends that wrap another backend."""

from collections.abc import Sequence
from typing import Generic, TypeVar

from spacy_el4ner.backends.base import Backend, is_remote, takes_offsets
from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.types import DecodeRequest, Prompt

B = TypeVar("B", bound=Backend)


class Wrapper(Generic[B]):
    """Passes everything except `decode` and `score` on to another backend.

    backend (Backend): The wrapped backend.
    """

    def __init__(self, backend: B):
        self.backend = backend
        self.model = backend.model

    @property
    def exact(self) -> bool:
        """RETURNS (bool): Whether scores are the model's own probabilities."""
        return self.backend.exact

    @property
    def remote(self) -> bool:
        """RETURNS (bool): Whether the model runs on a server."""
        return is_remote(self.backend)

    @property
    def takes_offsets(self) -> bool:
        """RETURNS (bool): Whether the backend applies the bias of a request."""
        return takes_offsets(self.backend)

    @property
    def forward_passes(self) -> int:
        """RETURNS (int): Calls of the model so far."""
        return self.backend.forward_passes

    @property
    def context(self) -> int:
        """RETURNS (int): Tokens that a prompt and its answer may have together."""
        return self.backend.context

    def count(self, text: str) -> int:
        """text (str): A piece of text.
        RETURNS (int): Number of its tokens.
        """
        return self.backend.count(text)

    def count_prompt(self, prompt: Prompt) -> int:
        """prompt (Prompt): A prompt.
        RETURNS (int): Number of its tokens, chat template included.
        """
        return self.backend.count_prompt(prompt)

    def force(self, requests: Sequence[DecodeRequest]) -> list[list[ForcedDecision]]:
        """requests (Sequence[DecodeRequest]): Prompts, each with the whole answer as its `guess`.
        RETURNS (list[list[ForcedDecision]]): The model's decision at each place of each answer.
        """
        assert takes_offsets(self.backend)
        return self.backend.force(requests)

    def forget(self) -> None:
        """Free what is cached of the prompts so far, except for what later ones may begin with."""
        self.backend.forget()

    def unload(self) -> None:
        """Free the model's memory; the next request loads the model again."""
        self.backend.unload()
