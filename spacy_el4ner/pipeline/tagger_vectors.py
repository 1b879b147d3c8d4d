"""What a tagger has learnt as a measure of similarity, where there is no sentence encoder."""

import hashlib
from collections.abc import Callable, Sequence

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
        digest = hashlib.sha256(self.model.to_bytes()).hexdigest()
        return f"tagger:{digest[:16]}"

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
