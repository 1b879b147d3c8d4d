"""What a tagger has learnt as a measure of similarity, where there is no sentence encoder."""

import hashlib
import zlib
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from spacy_el4ner.errors import Errors
from spacy_el4ner.retrieval.encoders import Vectors


class TaggerVectors:
    """Sentence vectors: the mean of a tagger's own token vectors.

    The component that has the tagger binds it, so that it is kept once; see `bind`. Without one, a name
    in a config says nothing yet.
    """

    def __init__(self) -> None:
        self.model: Model[list[Doc], list[Floats2d]] | None = None
        self.make_doc: Callable[[str], Doc] | None = None
        self._named: tuple[list[int], str] = [], ""

    def bind(self, model: Model[list[Doc], list[Floats2d]], make_doc: Callable[[str], Doc]) -> None:
        """model (Model): The tagger, with a reference "tok2vec".
        make_doc (Callable): Makes a document of a text.
        RAISES (ValueError): Its vectors come from another component, which reads whole documents.
        """
        tok2vec = model.get_ref("tok2vec")
        if listeners := [node.name for node in tok2vec.walk() if "listener" in node.name]:
            raise ValueError(Errors.EL034.format(kind=listeners[0]))
        self.model, self.make_doc = tok2vec, make_doc

    @property
    def name(self) -> str:
        """RETURNS (str): Another one for other weights: training changes the vectors."""
        assert self.model is not None
        sums = self._sums()
        if not sums or sums != self._named[0]:
            digest = hashlib.sha256(self.model.to_bytes()).hexdigest()
            self._named = sums, f"tagger:{digest[:16]}"
        return self._named[1]

    def _sums(self) -> list[int]:
        """A checksum of each array of weights: a change is seen without turning the model into bytes.
        Empty where not all weights are such arrays.
        """
        assert self.model is not None
        nodes = list(self.model.walk())
        if any(node.shims for node in nodes):
            return []
        arrays = [node.get_param(n) for node in nodes for n in node.param_names if node.has_param(n)]
        to_numpy: Callable[[Any], Vectors] = self.model.ops.to_numpy
        return [zlib.crc32(to_numpy(array).tobytes()) for array in arrays]

    def encode(self, texts: Sequence[str]) -> Vectors:
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
