"""Text to unit vectors."""

from collections.abc import Sequence
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner import minilm
from spacy_el4ner.blocks import resolves
from spacy_el4ner.storage import bundle, trusted

Vectors = NDArray[np.float32]


@resolves("el4ner_encoders")
@runtime_checkable
class Encoder(Protocol):
    """Turns texts into vectors."""

    @property
    def name(self) -> str:
        """RETURNS (str): Identifies the encoder; an index made by one is useless to another."""
        ...

    def encode(self, texts: Sequence[str]) -> Vectors:
        """texts (Sequence[str]): Spans or sentences.
        RETURNS (ndarray): Vectors of length 1, (texts, width), float32.
        """
        ...


class SentenceTransformerEncoder:
    """Any model of the sentence-transformers library.

    model (str): Name on the hub, local directory, or "bundled:" and the name of a model in the folder
        of the component. The default, all-MiniLM-L6-v2, needs no network where the extra `offline` is
        installed.
    revision (str | None): Branch, tag or commit of the model on the hub.
    device (str | None): Where to run; None for a GPU, if there is one.
    batch_size (int): Texts a pass.
    local_files_only (bool): Never ask the network.
    """

    def __init__(
        self,
        model: str = minilm.HUB_NAME,
        *,
        revision: str | None = None,
        device: str | None = None,
        batch_size: int = 64,
        local_files_only: bool = False,
    ):
        self.name = model
        self.revision = revision
        self.bundle: Path | None = None
        self.device = device
        self.batch_size = batch_size
        self.local_files_only = local_files_only

    @property
    def sources(self) -> tuple[str | None, ...]:
        """RETURNS (tuple[str | None, ...]): The model, as the config names it."""
        return (self.name,)

    @property
    def place(self) -> str:
        """RETURNS (str): The device that the model runs on."""
        import torch

        return self.device or ("cuda" if torch.cuda.is_available() else "cpu")

    @cached_property
    def model(self) -> Any:
        """RETURNS (SentenceTransformer): The model, loaded at first use.
        RAISES (ValueError): It brings code, names classes of other packages, or has pickled weights.
        """
        from sentence_transformers import SentenceTransformer

        installed = self.name == minilm.HUB_NAME and minilm.installed()
        located = str(minilm.path()) if installed else bundle.located(self.name, self.bundle)
        self._check(located)
        return SentenceTransformer(
            located,
            revision=self.revision,
            device=self.device,
            local_files_only=self.local_files_only or installed,
            trust_remote_code=False,
            model_kwargs={"use_safetensors": True},
        )

    def _check(self, located: str) -> None:
        """RAISES (ValueError): The library would run code that comes with the model."""
        if Path(located).is_dir():
            trusted.check_encoder(Path(located), self.name)
            return
        from sentence_transformers.util import load_file_path

        for name in trusted.MODULES:
            path = load_file_path(
                located, name, revision=self.revision, local_files_only=self.local_files_only
            )
            if path is not None:
                trusted.check_modules(Path(path), self.name)

    def encode(self, texts: Sequence[str]) -> Vectors:
        """texts (Sequence[str]): Spans or sentences.
        RETURNS (ndarray): Vectors of length 1, (texts, width), float32.
        """
        if not texts:
            return np.zeros((0, 1), dtype=np.float32)
        vectors: Vectors = self.model.encode(
            list(texts),
            batch_size=self.batch_size,
            normalize_embeddings=True,
            convert_to_numpy=True,
            show_progress_bar=False,
        )
        return vectors.astype(np.float32, copy=False)

    def __getstate__(self) -> dict[str, Any]:
        """The model stays behind; the copy loads its own."""
        return {k: v for k, v in self.__dict__.items() if k != "model"}
