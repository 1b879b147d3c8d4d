"""What becomes of documents that a component cannot annotate."""

import warnings
from collections.abc import Callable, Sequence
from typing import TypeVar

from spacy.tokens import Doc

from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.errors import Warnings

R = TypeVar("R")


def annotate(
    docs: list[Doc],
    predict: Callable[[list[Doc]], Sequence[R]],
    write: Callable[[list[Doc], Sequence[R]], None],
    on_error: str,
) -> list[Doc]:
    """Annotate a batch; where it fails, each of its documents alone, so that one cannot harm another.

    docs (list[Doc]): The batch.
    predict (Callable): Finds what is to be written, a result a document.
    write (Callable): Writes results on their documents.
    on_error (str): "raise", "warn" or "skip".
    RETURNS (list[Doc]): The same documents; one that failed is as it was, and marked.
    """
    try:
        results = predict(docs)
    except BackendUnavailable as error:
        # Every other document would wait for the same answer in vain.
        if on_error == "raise":
            raise
        for doc in docs:
            _mark(doc, error, on_error)
        return docs
    except Exception as error:
        # Whatever a model, a tokenizer or a device throws is the user's policy to decide about.
        if on_error == "raise":
            raise
        if len(docs) > 1:
            return [d for doc in docs for d in annotate([doc], predict, write, on_error)]
        _mark(docs[0], error, on_error)
        return docs
    write(docs, results)
    return docs


def _mark(doc: Doc, error: Exception, on_error: str) -> None:
    said = f"{type(error).__name__}: {error}"
    doc._.el4ner = {"counts": {}, "spans": {}, **(doc._.el4ner or {}), "error": said}
    if on_error == "warn":
        warnings.warn(Warnings.WL002.format(error=said, on_error=on_error), stacklevel=2)
