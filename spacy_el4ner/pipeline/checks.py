"""Checks of settings that cannot work, made before a document is lost to them."""

import multiprocessing
from collections.abc import Collection, Iterable, Mapping
from typing import Any

from spacy_el4ner.ensemble.vote import VoteRule
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.voters.base import Verifier, Voter

ON_ERROR = ("raise", "warn", "skip")


def check_policy(on_error: str) -> None:
    """on_error (str): The setting `on_error`.
    RAISES (ValueError): It is unknown.
    """
    if on_error not in ON_ERROR:
        known = ", ".join(ON_ERROR)
        raise EL4NERValueError(Errors.EL010.format(value=on_error, setting="on_error", known=known))


def check_sentences(max_sentences: int) -> None:
    """max_sentences (int): The setting `max_sentences`.
    RAISES (ValueError): It is below 1.
    """
    if max_sentences < 1:
        message = Errors.EL010.format(
            value=max_sentences, setting="max_sentences", known="1, 2, 3 and so on"
        )
        raise EL4NERValueError(message)


def check_labels(labels: Iterable[str], name: str) -> None:
    """labels (Iterable[str]): The labels to find.
    name (str): Name of the component.
    RAISES (ValueError): A label is blank, or cannot be encoded.
    """
    for label in labels:
        problem = "it is blank" if not label.strip() else ""
        if any("\ud800" <= character <= "\udfff" for character in label):
            problem = "it contains half a character (a lone surrogate)"
        if problem:
            shown = label.encode("utf8", "backslashreplace").decode("utf8")
            raise EL4NERValueError(Errors.EL112.format(label=shown, name=name, problem=problem))


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
                raise EL4NERValueError(Errors.EL119)
            model = getattr(model, "backend", None)


def check_confidence(least: float | Mapping[str, float]) -> None:
    """least (float | Mapping[str, float]): The setting `min_confidence`.
    RAISES (ValueError): A value is not between 0 and 1.
    """
    for value in least.values() if isinstance(least, Mapping) else (least,):
        if not 0 <= value <= 1:
            message = Errors.EL383.format(name="min_confidence", value=value)
            raise EL4NERValueError(message)


def check_names(setting: str, names: Iterable[str], choices: Collection[str]) -> None:
    """setting (str): Name of a setting.
    names (Iterable[str]): The names in it.
    choices (Collection[str]): The names that there are.
    RAISES (ValueError): One of them is unknown.
    """
    for name in names:
        if name not in choices:
            message = Errors.EL010.format(value=name, setting=setting, known=", ".join(choices))
            raise EL4NERValueError(message)


def check_voters(
    voters: Mapping[str, Voter], settings: Mapping[str, Any], vote: VoteRule, name: str
) -> None:
    """voters (Mapping[str, Voter]): Name -> voter of an ensemble.
    settings (Mapping[str, Any]): The component's settings `verifier`, `min_voters`, `stages` and
        `labels`; a voter is not asked about labels that are not known yet.
    vote (VoteRule): The rule that makes one label of the votes, which may name a voter.
    name (str): The component's name, for the message.
    RAISES (ValueError): There are no voters, or fewer than have to answer; a setting names one that is
        not among them or cannot do what it is to do; a voter refuses the labels; or none can verify,
        and verification is on.
    """
    if not voters:
        raise EL4NERValueError(Errors.EL011)
    if (least := settings["min_voters"]) is not None and not 1 <= least <= len(voters):
        known = f"null for all, or 1 to {len(voters)}, the number of voters"
        raise EL4NERValueError(Errors.EL010.format(value=least, setting="min_voters", known=known))
    verifier = settings["verifier"]
    for wanted in (verifier, getattr(vote, "voter", None)):
        if wanted not in (None, *voters):
            raise EL4NERValueError(Errors.EL009.format(name=wanted, known=", ".join(voters)))
    able = [voter for voter, it in voters.items() if isinstance(it, Verifier)]
    if verifier is not None and verifier not in able:
        known = ", ".join(able) or "none"
        raise EL4NERValueError(Errors.EL210.format(verifier=verifier, name=name, known=known))
    if not able and settings["stages"]["verification"]:
        raise EL4NERValueError(Errors.EL211.format(name=name))
    for voter in voters.values() if settings["labels"] else ():
        voter.check(settings["labels"])
