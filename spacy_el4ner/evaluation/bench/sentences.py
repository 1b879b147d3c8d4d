"""What is asked: sentences with their prompts, as plain data. A "document" of a row is one of them."""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.formats.base import Format
from spacy_el4ner.types import Mention, Prompt, Window


@dataclass(frozen=True)
class Sentence:
    """prompt (Prompt): The extraction prompt of a backbone, demonstrations included.
    window (Window): The text that it asks about.
    gold (tuple[Mention, ...]): Its true mentions; they only decide how long an answer may get.
    """

    prompt: Prompt
    window: Window
    gold: tuple[Mention, ...]


def digest(sentences: Sequence[Sentence]) -> str:
    """RETURNS (str): The same for the same sentences and prompts only."""
    plain = json.dumps([asdict(s) for s in sentences], sort_keys=True)
    return hashlib.sha256(plain.encode("utf8")).hexdigest()[:16]


def write_sentences(path: Path, sentences: Sequence[Sentence], format: Format) -> None:
    """path (Path): The JSON file to write, for a machine without spaCy.
    sentences (Sequence[Sentence]): What is asked.
    format (Format): The language of the answers.
    """
    settings = {"name": format.name, **vars(format)}
    data = {"format": settings, "sentences": [asdict(s) for s in sentences]}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(data, ensure_ascii=False), encoding="utf8")


def read_sentences(path: Path) -> tuple[list[Sentence], Format]:
    """RETURNS (tuple[list[Sentence], Format]): What `write_sentences` wrote."""
    data = json.loads(path.read_text(encoding="utf8"))
    settings = data["format"]
    kinds: dict[str, type[InlineTags] | type[SpanList]] = {
        kind.name: kind for kind in (InlineTags, SpanList)
    }
    format: Format = kinds[settings.pop("name")](**settings)
    return [_sentence(plain) for plain in data["sentences"]], format


def _sentence(plain: dict[str, Any]) -> Sentence:
    window = plain["window"]
    tokens = tuple((start, end) for start, end in window.pop("tokens"))
    return Sentence(
        Prompt(**plain["prompt"]),
        Window(tokens=tokens, **window),
        tuple(Mention(**m) for m in plain["gold"]),
    )
