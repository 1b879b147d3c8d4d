"""Sentence vectors computed by the tagger, in place of a sentence encoder."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.retrieval.encoders import Vectors


class TaggerVectors:
    """An encoder of sentences: the mean of the tagger's token vectors.

    The component that owns the tagger binds it (see `bind`), so the weights are in memory only once.
    The encoder can be used only after that.
    """

    def __init__(self) -> None:
        self.model: Model[list[Doc], list[Floats2d]] | None = None
        self.make_doc: Callable[[str], Doc] | None = None
        self._named: tuple[list[int], str] = [], ""

    def bind(self, model: Model[list[Doc], list[Floats2d]], make_doc: Callable[[str], Doc]) -> None:
        """Use a tagger.

        model (Model): The tagger, with a reference "tok2vec".
        make_doc (Callable): Makes a document from a text.
        RAISES (ValueError): EL034, the tagger's vectors come from another component.
        """
        tok2vec = model.get_ref("tok2vec")
        if listeners := [node.name for node in tok2vec.walk() if "listener" in node.name]:
            raise EL4NERValueError(Errors.EL034.format(kind=listeners[0]))
        self.model, self.make_doc = tok2vec, make_doc

    @property
    def name(self) -> str:
        """RETURNS (str): A name that changes with the weights, because training changes the vectors."""
        assert self.model is not None
        sums = self._sums()
        if not sums or sums != self._named[0]:
            digest = hashlib.sha256(self.model.to_bytes()).hexdigest()
            self._named = sums, f"tagger:{digest[:16]}"
        return self._named[1]

    def _sums(self) -> list[int]:
        """A checksum of each array of weights, which shows a change without serializing the model;
        empty if some weights are not plain arrays.
        """
        assert self.model is not None
        nodes = list(self.model.walk())
        if any(node.shims for node in nodes):
            return []
        arrays = [node.get_param(n) for node in nodes for n in node.param_names if node.has_param(n)]
        to_numpy: Callable[[Any], Vectors] = self.model.ops.to_numpy
        return [zlib.crc32(to_numpy(array).tobytes()) for array in arrays]

    def encode(self, texts: Sequence[str]) -> Vectors:
        """texts (Sequence[str]): Sentences.
        RETURNS (ndarray): The mean token vector of each sentence, scaled to length 1, (texts, width),
            float32; zeros for an empty text.
        """
        if not texts:
            return np.zeros((0, 1), dtype=np.float32)
        assert self.model is not None
        assert self.make_doc is not None
        to_numpy: Callable[[Floats2d], Vectors] = self.model.ops.to_numpy
        rows = self.model.predict([self.make_doc(text) for text in texts])
        width = self.model.get_dim("nO")
        vectors = np.stack(
            [to_numpy(row).mean(0) if len(row) else np.zeros(width, np.float32) for row in rows]
        )
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        result: Vectors = (vectors / np.maximum(lengths, 1e-9)).astype(np.float32)
        return result
