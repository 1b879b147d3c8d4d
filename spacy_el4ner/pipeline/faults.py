"""What becomes of documents that a component cannot annotate."""

import multiprocessing
import warnings
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from spacy.tokens import Doc

from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.errors import Errors, Warnings

R = TypeVar("R")
ON_ERROR = ("raise", "warn", "skip")


def check_policy(on_error: str) -> None:
    """RAISES (ValueError): There is no such policy."""
    if on_error not in ON_ERROR:
        known = ", ".join(ON_ERROR)
        raise ValueError(Errors.EL010.format(value=on_error, setting="on_error", known=known))


def check_labels(labels: Iterable[str], name: str) -> None:
    """labels (Iterable[str]): What is to be found.
    name (str): Of the component.
    RAISES (ValueError): One of them cannot be written, or not be seen.
    """
    for label in labels:
        problem = "it is blank" if not label.strip() else ""
        if any("\ud800" <= character <= "\udfff" for character in label):
            problem = "it has half a character in it (a lone surrogate)"
        if problem:
            shown = label.encode("utf8", "backslashreplace").decode("utf8")
            raise ValueError(Errors.EL112.format(label=shown, name=name, problem=problem))


def check_block(given: object, method: str, setting: str, name: str, wanted: str) -> None:
    """given (object): What a block of the config became.
    method (str): What has to be called of it.
    setting (str), name (str): Of the block and of the component.
    wanted (str): A block that would do.
    RAISES (ValueError): It is something else.
    """
    if not callable(getattr(given, method, None)):
        kind = type(given).__name__
        raise ValueError(Errors.EL120.format(setting=setting, name=name, given=kind, wanted=wanted))


def check_process(models: Iterable[Any]) -> None:
    """models (Iterable[Any]): Backends and encoders of a component.
    RAISES (ValueError): One of them runs on a GPU, and this is one of several processes of nlp.pipe().
    """
    # What spaCy has its processes do; others, with a GPU each, are their owner's business.
    doing = getattr(multiprocessing.current_process(), "_target", None)
    if multiprocessing.parent_process() is None or getattr(doing, "__module__", "") != "spacy.language":
        return
    for model in models:
        while model is not None:
            if getattr(model, "place", "cpu").startswith("cuda"):
                raise ValueError(Errors.EL119)
            model = getattr(model, "backend", None)


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
    doc._.el4ner = {"counts": {}, "spans": {}, "error": said}
    if on_error == "warn":
        warnings.warn(Warnings.WL002.format(error=said, on_error=on_error), stacklevel=2)
