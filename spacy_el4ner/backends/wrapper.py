"""A backend around another one, which answers for it where it knows better."""

from typing import Generic, TypeVar

from spacy_el4ner.backends.base import Backend
from spacy_el4ner.types import Prompt

B = TypeVar("B", bound=Backend)


class Wrapper(Generic[B]):
    """All of a backend but `decode` and `score`.

    backend (Backend): The other one.
    """

    def __init__(self, backend: B):
        self.backend = backend
        self.model = backend.model

    @property
    def exact(self) -> bool:
        return self.backend.exact

    @property
    def forward_passes(self) -> int:
        return self.backend.forward_passes

    @property
    def context(self) -> int:
        return self.backend.context

    def count(self, text: str) -> int:
        return self.backend.count(text)

    def count_prompt(self, prompt: Prompt) -> int:
        return self.backend.count_prompt(prompt)

    def forget(self) -> None:
        self.backend.forget()

    def unload(self) -> None:
        self.backend.unload()
