"""Sentences with their prompts, as plain data. A "document" of a benchmark row is one of them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.formats.base import Format
from spacy_el4ner.types import Demonstration, Mention, Prompt, Window


@dataclass(frozen=True)
class Sentence:
    """A sentence with its prompt.

    prompt (Prompt): The extraction prompt of a voter, demonstrations included.
    window (Window): The sentence.
    gold (tuple[Mention, ...]): Its gold mentions, which only limit the length of answers.
    demonstrations (tuple[Demonstration, ...]): Those of the prompt, for a system with a prompt of its
        own; none in a file of an earlier version.
    """

    prompt: Prompt
    window: Window
    gold: tuple[Mention, ...]
    demonstrations: tuple[Demonstration, ...] = ()


def digest(sentences: Sequence[Sentence]) -> str:
    """sentences (Sequence[Sentence]): The sentences.
    RETURNS (str): A hash of the sentences and their prompts.
    """
    # The prompts contain the demonstrations, which earlier versions did not have besides.
    own = [
        {key: value for key, value in asdict(s).items() if key != "demonstrations"} for s in sentences
    ]
    plain = json.dumps(own, sort_keys=True)
    return hashlib.sha256(plain.encode("utf8")).hexdigest()[:16]


def write_sentences(path: Path, sentences: Sequence[Sentence], format: Format) -> None:
    """path (Path): The JSON file to write, for a machine without spaCy.
    sentences (Sequence[Sentence]): The sentences.
    format (Format): The format of the answers. Its attributes are the settings of its class.
    """
    kind = f"{type(format).__module__}:{type(format).__qualname__}"
    settings = {"class": kind, "settings": vars(format)}
    data = {"format": settings, "sentences": [asdict(s) for s in sentences]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf8")


def read_sentences(path: Path) -> tuple[list[Sentence], Format]:
    """path (Path): A file that `write_sentences` wrote.
    RETURNS (tuple[list[Sentence], Format]): The sentences, and the format of the answers.
    RAISES (ValueError): EL200, the format is not installed here.
    """
    data = json.loads(path.read_text(encoding="utf8"))
    format = _format_class(data["format"]["class"])(**data["format"]["settings"])
    return [_sentence(plain) for plain in data["sentences"]], format


def _format_class(name: str) -> type[Format]:
    """A class of formats, from a module that an installed entry point names and from no other."""
    module, _, kind = name.partition(":")
    if module not in {entry.module for entry in entry_points(group="spacy_el4ner_formats")}:
        raise EL4NERValueError(Errors.EL200.format(name=name))
    cls: type[Format] = getattr(import_module(module), kind)
    return cls


def _sentence(plain: dict[str, Any]) -> Sentence:
    prompt = plain["prompt"]
    return Sentence(
        Prompt(**{**prompt, "exchanges": tuple(map(tuple, prompt["exchanges"]))}),
        _window(plain["window"]),
        _mentions(plain["gold"]),
        tuple(
            Demonstration(d["id"], _window(d["window"]), _mentions(d["mentions"]))
            for d in plain.get("demonstrations", ())
        ),
    )


def _window(plain: dict[str, Any]) -> Window:
    return Window(**{**plain, "tokens": tuple((start, end) for start, end in plain["tokens"])})


def _mentions(plain: Sequence[dict[str, Any]]) -> tuple[Mention, ...]:
    return tuple(Mention(**m) for m in plain)
