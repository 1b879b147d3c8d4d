"""What is said of settings that cannot work, before a document is lost to them."""

import multiprocessing
from collections.abc import Iterable
from typing import Any

from spacy_el4ner.errors import Errors

ON_ERROR = ("raise", "warn", "skip")


def check_policy(on_error: str) -> None:
    """RAISES (ValueError): There is no such policy."""
    if on_error not in ON_ERROR:
        known = ", ".join(ON_ERROR)
        raise ValueError(Errors.EL010.format(value=on_error, setting="on_error", known=known))


def check_sentences(max_sentences: int) -> None:
    """RAISES (ValueError): Nothing would be read so."""
    if max_sentences < 1:
        message = Errors.EL010.format(
            value=max_sentences, setting="max_sentences", known="1, 2, 3 and so on"
        )
        raise ValueError(message)


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
