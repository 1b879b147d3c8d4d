"""Policies for documents that a component cannot annotate."""

import warnings
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from spacy.tokens import Doc

from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.errors import EL4NERSetupError, Warnings

R = TypeVar("R")
SETUP = (EL4NERSetupError, ImportError)
"""Errors of a pipeline that can annotate no document."""


def annotate(
    docs: list[Doc],
    predict: Callable[[list[Doc]], Sequence[R]],
    write: Callable[[list[Doc], Sequence[R]], None],
    on_error: str,
    name: str = "",
) -> list[Doc]:
    """Annotate a batch. If it fails, annotate its halves, and so on down to the documents that fail, so
    that a document cannot harm another, and those beside it are still asked about together.

    docs (list[Doc]): The batch.
    predict (Callable): Computes the results, one per document.
    write (Callable): Writes results on their documents.
    on_error (str): "raise", "warn" or "skip".
    name (str): Name of the component.
    RETURNS (list[Doc]): The same documents; one that failed is as it was, and marked.
    RAISES (EL4NERSetupError): The pipeline can annotate no document, whatever `on_error` is.
    """
    if on_error == "raise":
        write(docs, predict(docs))
        return docs
    try:
        write(docs, _without_failing_warnings(predict, docs))
    except SETUP:
        raise
    except BackendUnavailable as error:
        # Every other document would wait for the same answer in vain.
        for doc in docs:
            _mark(doc, error, on_error, name)
    except Exception as error:
        # Whatever a model, a tokenizer or a device throws is the user's policy to decide about.
        if len(docs) == 1:
            _mark(docs[0], error, on_error, name)
        else:
            middle = len(docs) // 2
            for half in (docs[:middle], docs[middle:]):
                annotate(half, predict, write, on_error, name)
    return docs


def warn(message: str, on_error: str) -> None:
    """Give a warning. Where the user's filters turn warnings into errors, it is raised only if errors
    are: a warning is not a failure of a document.

    message (str): The warning.
    on_error (str): "raise", "warn" or "skip".
    """
    try:
        warnings.warn(message, stacklevel=3)
    except Warning:
        if on_error == "raise":
            raise


def errors(doc: Doc) -> dict[str, str]:
    """doc (Doc): A document.
    RETURNS (dict[str, str]): Component -> its error, of the components that could not annotate it.
    """
    data = doc._.el4ner or {}
    return dict(data.get("errors") or ({"": data["error"]} if data.get("error") else {}))


def error_data(failures: dict[str, str]) -> dict[str, Any]:
    """failures (dict[str, str]): Component -> its error.
    RETURNS (dict[str, Any]): The entries of `doc._.el4ner` that hold them.
    """
    return {"error": "; ".join(failures.values()), "errors": failures}


def _without_failing_warnings(predict: Callable[[list[Doc]], R], docs: list[Doc]) -> R:
    """The results of a batch, again without the filters that turned a warning into an error."""
    try:
        return predict(docs)
    except Warning:
        with warnings.catch_warnings():
            warnings.simplefilter("default")
            return predict(docs)


def _mark(doc: Doc, error: Exception, on_error: str, name: str) -> None:
    message = f"{type(error).__name__}: {error}"
    failures = error_data({**errors(doc), name: message})
    doc._.el4ner = {"counts": {}, "spans": {}, **(doc._.el4ner or {}), **failures}
    if on_error == "warn":
        warn(Warnings.WL002.format(error=message, on_error=on_error), on_error)
