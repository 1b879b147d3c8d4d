"""The protocol of a backend, which runs a language model, and the errors of backends."""

from collections.abc import Sequence
from typing import Protocol, TypeGuard, runtime_checkable

from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.blocks import resolves
from spacy_el4ner.errors import EL4NERRuntimeError, EL4NERSetupError
from spacy_el4ner.types import Answer, DecodeRequest, Prompt, ScoreRequest


class BackendUnavailable(EL4NERRuntimeError):
    """A backend that answers no request at present, even after retries."""


class BackendRefused(BackendUnavailable, EL4NERSetupError):
    """A backend that refuses every request because of its configuration, such as a wrong key."""


class RequestFailed(EL4NERRuntimeError):
    """A request that a backend cannot answer, although it can answer others."""


@resolves("el4ner_backends")
@runtime_checkable
class Backend(Protocol):
    """Answers two requests: *decode* and *score*.

    model (str): Name or path of the model, for provenance.
    """

    model: str

    @property
    def exact(self) -> bool:
        """RETURNS (bool): Whether scores are the model's own probabilities. If not, the option that the
        model names has all of the probability.
        """
        ...

    @property
    def forward_passes(self) -> int:
        """RETURNS (int): Calls of the model so far: forward passes, or requests to a server."""
        ...

    @property
    def context(self) -> int:
        """RETURNS (int): Tokens that a prompt and its answer may have together."""
        ...

    def count(self, text: str) -> int:
        """text (str): A piece of text.
        RETURNS (int): Number of its tokens.
        """
        ...

    def count_prompt(self, prompt: Prompt) -> int:
        """prompt (Prompt): A prompt.
        RETURNS (int): Number of its tokens, chat template included.
        """
        ...

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        """requests (Sequence[DecodeRequest]): Prompts with the grammars of their answers.
        RETURNS (list[Answer]): An answer for each request, in order and in the language of its grammar.
        """
        ...

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        """requests (Sequence[ScoreRequest]): Prompts with the options of their answers.
        RETURNS (list[list[float]]): Log-probability of each option of each request, in nats. The
            probabilities of a request's options sum to 1, or are all 0 if the answer named none.
        """
        ...

    def forget(self) -> None:
        """Free what is cached of the prompts so far, except for what later ones may begin with."""
        ...

    def unload(self) -> None:
        """Free the model's memory; the next request loads the model again."""
        ...


@runtime_checkable
class TakesOffsets(Backend, Protocol):
    """A backend that calibrates what is decided in an answer. It applies the bias of a request, and it
    can read the decisions along a given answer.
    """

    @property
    def takes_offsets(self) -> bool:
        """RETURNS (bool): Whether it can; a wrapper can if its backend can."""
        ...

    def force(self, requests: Sequence[DecodeRequest]) -> list[list[ForcedDecision]]:
        """requests (Sequence[DecodeRequest]): Prompts, each with the whole answer as its `guess`.
        RETURNS (list[list[ForcedDecision]]): The model's decision at each place of each answer.
        """
        ...


def is_remote(backend: Backend) -> bool:
    """backend (Backend): A backend.
    RETURNS (bool): Whether its model runs on a server, so that other work can be done while it answers.
        Such a backend has an attribute `remote` that is true, and ends its requests on `unload`.
    """
    return bool(getattr(backend, "remote", False))


def takes_offsets(backend: Backend) -> TypeGuard[TakesOffsets]:
    """backend (Backend): A backend.
    RETURNS (bool): Whether it applies the bias of a request.
    """
    return isinstance(backend, TakesOffsets) and backend.takes_offsets
