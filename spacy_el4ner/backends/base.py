"""What a backend is: something that runs a model, whatever the model and wherever it runs."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from spacy_el4ner.formats.base import Format
from spacy_el4ner.prompts.wording import Wording
from spacy_el4ner.types import Answer, DecodeRequest, Prompt, ScoreRequest


class BackendUnavailable(RuntimeError):
    """A backend that does not answer for now, and did not when it was asked again."""


@runtime_checkable
class Backend(Protocol):
    """Answers two requests: *decode* and *score*.

    model (str): Name or path of the model, for provenance.
    context (int): Tokens that a prompt and its answer may have together.
    forward_passes (int): Model calls made so far.
    exact (bool): Whether scores are the model's own probabilities. Where they are not, the option that
        the model chose has all of the probability.
    """

    model: str

    @property
    def exact(self) -> bool: ...

    @property
    def forward_passes(self) -> int: ...

    @property
    def context(self) -> int: ...

    def count(self, text: str) -> int:
        """RETURNS (int): Tokens of a piece of text."""
        ...

    def count_prompt(self, prompt: Prompt) -> int:
        """RETURNS (int): Tokens of a whole prompt, chat template included."""
        ...

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        """RETURNS (list[Answer]): An answer a request, in order, in the language of its grammar."""
        ...

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        """RETURNS (list[list[float]]): Log-probability of each option of each request, in nats; the
        probabilities of a request's options sum to 1, or are all 0 where no answer could be read.
        """
        ...

    def forget(self) -> None:
        """Free what was kept of the prompts so far, for questions that begin like them."""
        ...

    def unload(self) -> None:
        """Free the model's memory; the next request loads it again."""
        ...


@dataclass(frozen=True)
class Backbone:
    """A member of the ensemble: a model, and how it is spoken to.

    name (str): Its name in votes and provenance.
    backend (Backend): Runs the model.
    wording (Wording): Puts the questions into words.
    """

    name: str
    backend: Backend
    wording: Wording

    @property
    def format(self) -> Format:
        """RETURNS (Format): The language of its extraction answers."""
        return self.wording.format
