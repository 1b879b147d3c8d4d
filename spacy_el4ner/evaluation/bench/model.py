"""One model that all systems share, and a meter on its forward passes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from functools import cached_property
from typing import Any, Self

import torch

from spacy_el4ner.backends.decoding.prefixes import PrefixStore
from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.backends.loading import LoadedModel
from spacy_el4ner.backends.tokens import PieceTokenizer


class OpenBackend(HFBackend):
    """An HFBackend that can be looked into, and can be given a model that is in memory already."""

    given: LoadedModel | None = None

    @classmethod
    def twin(
        cls,
        backend: HFBackend,
        *,
        decoder: str | None = None,
        prefix_mb: int | None = None,
        batch_tokens: int | None = None,
    ) -> Self:
        """backend (HFBackend): Whose settings to take, and whose model: it is in memory once.
        decoder (str | None), prefix_mb (int | None), batch_tokens (int | None): What is different.
        RETURNS (OpenBackend): A backend that has read nothing yet.
        """
        made = cls.like(backend)
        made.decoder = decoder or made.decoder
        made.batch_tokens = batch_tokens or made.batch_tokens
        if prefix_mb is not None:
            made._prefixes = PrefixStore(prefix_mb * 2**20)
        return made

    def running(self) -> AbstractContextManager[Runner]:
        """RETURNS (AbstractContextManager[Runner]): The model, with this backend's adapter."""
        return self._running()

    @contextmanager
    def _running(self) -> Iterator[Any]:
        if self.given is not None and self._runner is None:
            self._loaded, self._runner = self.given, Runner(self.given.model, self.tokens.end)
        with super()._running() as runner:
            yield runner


class WholePrompts(PieceTokenizer):
    """Says of every prompt that nothing of it is shared, so that each request reads its own."""

    def prompt(self, prompt: Any) -> tuple[tuple[int, ...], tuple[int, ...]]:
        """RETURNS (tuple[tuple[int, ...], tuple[int, ...]]): No prefix, and all tokens."""
        return (), sum(super().prompt(prompt), ())


class UnsharedBackend(OpenBackend):
    """Sharing of prefixes switched off, and nothing else: batches are as before.

    With `prefix_mb` = 0 alone, equal prefixes within a batch of questions would still be read once.
    Options that fork in several places are rows of their own, so that such a request reads its prompt
    once a fork.
    """

    @cached_property
    def tokens(self) -> Any:
        whole = super().tokens
        return WholePrompts(whole.tokenizer, whole.use_chat_template)


class Meter:
    """Counts what a model is fed, by a hook, whoever calls it.

    passes (int): Forward passes.
    """

    def __init__(self) -> None:
        self.passes = 0
        self._read: list[torch.Tensor] = []

    @property
    def tokens(self) -> int:
        """RETURNS (int): Tokens that the attention mask does not hide."""
        if self._read:
            # Added up here and not in the hook, where it would make a GPU wait after every pass.
            self._read = [torch.stack(self._read).sum()]
        return int(self._read[0]) if self._read else 0

    @contextmanager
    def on(self, model: Any) -> Iterator[None]:
        """model (PreTrainedModel): It is counted while this is open."""
        handle = model.register_forward_pre_hook(self._count, with_kwargs=True)
        try:
            yield
        finally:
            handle.remove()

    def _count(self, module: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        ids = kwargs["input_ids"] if "input_ids" in kwargs else args[0]
        mask = kwargs.get("attention_mask")
        seen = torch.ones_like(ids) if mask is None or mask.dim() != 2 else mask[:, -ids.shape[1] :]
        self.passes += 1
        self._read.append(seen.sum())
