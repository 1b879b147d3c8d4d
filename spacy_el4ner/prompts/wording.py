"""Prompt wordings: a folder of five Jinja templates each, and their renderer.

`system`, `context`, `extraction`, `classification`, `verification`. The first two come before
everything a stage asks, so that the questions about one sentence share them as their prefix. The
wordings of the package: "en" and "zh" for instruction-tuned models, "compact/terse",
"compact/plain" and "compact/marked" for the compact backbones.
"""

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, count
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.formats import InlineTags, SpanList
from spacy_el4ner.formats.base import Format
from spacy_el4ner.prompts import templates
from spacy_el4ner.types import Demonstration, Mention, Prompt, Window

TEMPLATES = ("system", "context", "extraction", "classification", "verification")
NO_ENTITY = "none"
"""The option by which a backbone answers that a span is no entity."""


@dataclass(frozen=True)
class MarkedMention:
    """A mention as the templates see it."""

    window: Window
    mention: Mention
    open: str
    close: str

    @property
    def surface(self) -> str:
        return self.window.text[self.mention.start : self.mention.end]

    def left(self, n: int) -> str:
        """RETURNS (str): The text from up to `n` tokens before the mention to its start."""
        starts = [start for start, _ in self.window.tokens if start < self.mention.start]
        first = starts[-n:][0] if starts else self.mention.start
        return self.window.text[first : self.mention.start].strip()

    def right(self, n: int) -> str:
        """RETURNS (str): The text from the end of the mention to up to `n` tokens after it."""
        ends = [end for _, end in self.window.tokens if end > self.mention.end]
        last = ends[:n][-1] if ends else self.mention.end
        return self.window.text[self.mention.end : last].strip()


class Wording:
    """Puts the questions of the stages into words.

    name (str): A wording of the package, or a folder with the five templates.
    format (Format): The language in which extraction is to be answered.
    """

    def __init__(self, name: str = "en", format: Format | None = None):
        self.name = name
        self.format = format or InlineTags()
        self._templates = _load(name)

    def __reduce__(self) -> tuple[type["Wording"], tuple[str, Format]]:
        """Compiled templates do not pickle; the copy loads them again."""
        return Wording, (self.name, self.format)

    def extraction(
        self, window: Window, shots: Sequence[Demonstration], labels: Mapping[str, str]
    ) -> Prompt:
        """RETURNS (Prompt): "Which spans of this sentence are entities?\""""
        return self._prompt("extraction", window, shots, labels)

    def classification(
        self,
        window: Window,
        shots: Sequence[Demonstration],
        labels: Mapping[str, str],
        mention: Mention,
    ) -> Prompt:
        """RETURNS (Prompt): "Of which type is this span?\""""
        options = self.options(labels)
        return self._prompt(
            "classification", window, shots, labels, mention, options=options, no_entity=options[-1]
        )

    def verification(
        self,
        window: Window,
        shots: Sequence[Demonstration],
        labels: Mapping[str, str],
        mention: Mention,
    ) -> Prompt:
        """RETURNS (Prompt): "Is this span a LABEL?", for the label of `mention`."""
        return self._prompt("verification", window, shots, labels, mention, label=mention.label)

    @staticmethod
    def options(labels: Mapping[str, str]) -> tuple[str, ...]:
        """RETURNS (tuple[str, ...]): The answers to a classification; the last is "no entity"."""
        others = (f"nothing {n}" for n in count(2))
        names = chain((NO_ENTITY, "no entity", "nothing"), others)
        none = next(name for name in names if name not in labels)
        return (*labels, none)

    def _prompt(
        self,
        job: str,
        window: Window,
        shots: Sequence[Demonstration],
        labels: Mapping[str, str],
        mention: Mention | None = None,
        **values: Any,
    ) -> Prompt:
        opening, closing = InlineTags().tags(window.text)[""]
        shared = {
            "labels": labels,
            "text": window.text,
            "demonstrations": [_shown(shot, labels) for shot in shots],
            "format": self.format.name,
            "tags": {"open": opening, "close": closing},
            "separator": SpanList.separator(window.text),
        }
        if mention is not None:
            values["mention"] = MarkedMention(window, mention, opening, closing)
        texts = {
            name: self._templates[name].render(**shared, **values)
            for name in ("system", "context", job)
        }
        return Prompt(texts["system"].strip(), texts["context"].strip(), _question(texts[job]))


def _question(text: str) -> str:
    """The question keeps the space before it: it follows the sentence."""
    stripped = text.rstrip()
    return stripped if stripped[:1].isspace() else f" {stripped}"


def _shown(shot: Demonstration, labels: Container[str]) -> dict[str, Any]:
    """A demonstration as the templates see it, without mentions of types that are not asked for."""
    window = shot.window
    mentions = [m for m in shot.mentions if m.label in labels]
    typed, at = [], 0
    for mention in mentions:
        typed += [window.text[at : mention.end], f" [{mention.label}]"]
        at = mention.end
    return {
        "text": window.text,
        "tagged": InlineTags().render(window, mentions),
        "typed": "".join([*typed, window.text[at:]]),
        "mentions": [{"surface": window.text[m.start : m.end], "label": m.label} for m in mentions],
    }


def _load(name: str) -> dict[str, Any]:
    folder = templates.find(name)
    if missing := templates.missing(folder, TEMPLATES):
        raise ValueError(Errors.EL004.format(name=name, missing=", ".join(missing)))
    return templates.load(folder, TEMPLATES)
