"""One model that all systems share, and a counter of its forward passes."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any, Self

import torch

from spacy_el4ner.backends.decoding.prefixes import PrefixTree
from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.backends.hf import HFBackend
from spacy_el4ner.backends.loading import LoadedModel
from spacy_el4ner.evaluation.machine import portable_name


def model_name(backend: HFBackend) -> str:
    """backend (HFBackend): A backend.
    RETURNS (str): The name of its model: of the catalogue or the hub, of a folder or a file.
    """
    given = getattr(backend, "given", None)
    return given.name if given is not None else portable_name(backend.model)


class SharedModelBackend(HFBackend):
    """An HFBackend that exposes its model, and can take over a model that is in memory already."""

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
        """backend (HFBackend): The backend whose settings and model are used; the model is shared.
        decoder (str | None): Another decoder; None to keep it.
        prefix_mb (int | None): Another limit of the prefix cache, in MiB, 0 to read every prompt in
            full; None to keep it.
        batch_tokens (int | None): Another limit of a forward pass, in tokens; None to keep it.
        RETURNS (SharedModelBackend): A backend with empty caches.
        """
        twin = cls.like(backend)
        twin.decoder = decoder or twin.decoder
        twin.batch_tokens = batch_tokens or twin.batch_tokens
        if prefix_mb is not None:
            twin._prefixes = PrefixTree(prefix_mb * 2**20)
        return twin

    def restart(self) -> None:
        """Free the memory of all prompt prefixes, so that no repetition is measured with those of
        another.
        """
        self._prefixes.clear()

    @property
    def precision(self) -> str:
        """RETURNS (str): The type to compute in; "auto" if the weights determine it."""
        return self._dtype

    def running(self) -> AbstractContextManager[Runner]:
        """RETURNS (AbstractContextManager[Runner]): The model, with this backend's adapter."""
        return self._running()

    @contextmanager
    def _running(self) -> Iterator[Any]:
        if self.given is not None and self._runner is None:
            self._loaded, self._runner = self.given, Runner(self.given.model, self.tokens.end)
        with super()._running() as runner:
            yield runner


class ForwardPassCounter:
    """Counts the forward passes of a model and the tokens in them, by a hook.

    passes (int): Forward passes so far.
    """

    def __init__(self) -> None:
        self.passes = 0
        self._read: list[torch.Tensor] = []

    @property
    def tokens(self) -> int:
        """RETURNS (int): Tokens that the attention mask does not exclude."""
        if self._read:
            # Added up here because the hook would make a GPU wait after every pass.
            self._read = [torch.stack(self._read).sum()]
        return int(self._read[0]) if self._read else 0

    @contextmanager
    def on(self, model: Any) -> Iterator[None]:
        """Count until the end of the block.

        model (PreTrainedModel): The model.
        YIELDS (None): Once, when counting has begun.
        """
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
