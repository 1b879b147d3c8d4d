"""Prompt templates of the ensemble: folders of Jinja templates, and their renderer.

A folder has one of three layouts, which its file `template.toml` names (see `prompts/layout.py`).

"instruction", without such a file: `system`, `context`, `extraction`, `classification`, `verification`.
The first two come before every question, so that the questions about one sentence share them as their
prefix.

"turns" and "completion": `system`, `extraction`, `classification`, `verification`. Each of the last
three describes an example of its job up to `{{ answer }}`; demonstrations and question are both such
examples (see `prompts/examples.py`).

A further template `extraction_<format>` takes the place of `extraction` for the format of that name.
The templates of the package are "en" and "zh" for instruction-tuned models, "turns" for small ones,
"completion" for base models and very small ones, and "compact/terse", "compact/plain" and
"compact/marked" for the compact backbones. They see:

    labels                name of the label -> description
    text                  the sentence
    demonstrations        "instruction" only; of each: text, mentions (surface, label), tagged (a copy
                          with untyped marks), typed (a copy with labels after mentions), answer (in the
                          format)
    answer                "turns" and "completion" only: the place of the answer
    instruction           the format's own request for an answer; with it, the values of the format
    mention               the span that is asked about: surface, open, close, left(n), right(n)
    options, no_entity    of a classification: its options, and the last of them
    label                 of a verification: the name of the label
"""

import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import chain, count, cycle
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.formats.base import Format
from spacy_el4ner.prompts import loading
from spacy_el4ner.prompts.examples import (
    Example,
    ExampleRenderer,
    cut_answer,
    unmentioned,
    without_marks,
)
from spacy_el4ner.prompts.layout import read_settings
from spacy_el4ner.prompts.shown import MarkedMention, ShownDemonstration
from spacy_el4ner.types import Demonstration, Mention, Prompt, Window

SYSTEM, CONTEXT, EXTRACTION = "system", "context", "extraction"
CLASSIFICATION, VERIFICATION = "classification", "verification"
EXAMPLES = (SYSTEM, EXTRACTION, CLASSIFICATION, VERIFICATION)
"""The templates of the layouts "turns" and "completion"."""
TEMPLATES = (*EXAMPLES, CONTEXT)
"""The templates of the layout "instruction"."""
NO_ENTITY = "none"
"""The option by which a model answers that a span is not an entity."""
VERDICTS = ("true", "false")
"""The answers to a verification."""
MOST_WORDS = 3
"""Words of the longest description that takes the place of a label in examples."""


class PromptTemplate:
    """Puts the questions of the stages into words.

    name (str): A template of the package, or a folder with the templates.
    format (Format | None): The language of the answers to an extraction; None for inline tags, or
        brackets where the template has them.
    label_names (Mapping[str, str] | None): Label -> its name in prompts and answers. By default a label
        is called as it is. In the layouts "turns" and "completion" a description of up to three words
        is its name, because small models know words better than "GPE".
    RAISES (EL4NERValueError): EL004, the folder lacks some of the templates; EL289, two labels have the
        same name.
    """

    def __init__(
        self,
        name: str = "en",
        format: Format | None = None,
        label_names: Mapping[str, str] | None = None,
    ):
        self.name = name
        self.label_names = dict(label_names or {})
        folder = loading.find(name)
        self.settings = read_settings(folder)
        self._marker = InlineTags(brackets=self.settings.brackets)
        self.format = format or self._marker
        self.by_examples = self.settings.layout != "instruction"
        names = EXAMPLES if self.by_examples else TEMPLATES
        if missing := loading.missing(folder, names):
            raise EL4NERValueError(Errors.EL004.format(name=name, missing=", ".join(missing)))
        own = f"{EXTRACTION}_{self.format.name}"
        self._extraction = EXTRACTION if loading.missing(folder, [own]) else own
        self._templates = loading.load(folder, (*names, self._extraction))

    def __reduce__(self) -> tuple[type["PromptTemplate"], tuple[Any, ...]]:
        """Compiled templates do not pickle; the copy loads them again."""
        return PromptTemplate, (self.name, self.format, self.label_names)

    def extraction(
        self, window: Window, demonstrations: Sequence[Demonstration], labels: Mapping[str, str]
    ) -> Prompt:
        """window (Window): The sentence.
        demonstrations (Sequence[Demonstration]): In the order in which they are shown.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (Prompt): "Which spans of this sentence are entities?"
        """
        values = {**self.format.values(window), "instruction": self.format.instruction(window)}
        if not self.by_examples:
            return self._instruct(self._extraction, window, demonstrations, labels, values)
        examples = [
            Example(d.window, answer=cut_answer(self.format.path(d.window, d.mentions)))
            for d in self._renamed(demonstrations, labels)
        ]
        return self._show(self._extraction, examples, Example(window), labels, values)

    def classification(
        self,
        window: Window,
        demonstrations: Sequence[Demonstration],
        labels: Mapping[str, str],
        mention: Mention,
        neutral: bool = False,
    ) -> Prompt:
        """window (Window): The sentence.
        demonstrations (Sequence[Demonstration]): In the order in which they are shown.
        labels (Mapping[str, str]): Label -> description.
        mention (Mention): The span that is asked about.
        neutral (bool): Ask about the neutral word of the template in its place.
        RETURNS (Prompt): "Which label does this span have?"
        """
        word = self.settings.neutral if neutral else ""
        options = self.options(labels)
        values: dict[str, Any] = {"options": options, "no_entity": options[-1]}
        if not self.by_examples:
            values["mention"] = self._marked(window, mention, word)
            return self._instruct(CLASSIFICATION, window, demonstrations, labels, values)
        examples = [
            Example(d.window, m, m.label or options[-1])
            for d in self._renamed(demonstrations, labels)
            for m in _with_a_negative(d)
        ]
        question = Example(window, mention, word=word)
        return self._show(CLASSIFICATION, examples, question, labels, values)

    def verification(
        self,
        window: Window,
        demonstrations: Sequence[Demonstration],
        labels: Mapping[str, str],
        mention: Mention,
    ) -> Prompt:
        """window (Window): The sentence.
        demonstrations (Sequence[Demonstration]): In the order in which they are shown.
        labels (Mapping[str, str]): Label -> description.
        mention (Mention): The span that is asked about, with the label in question.
        RETURNS (Prompt): "Is this span a LABEL?"
        """
        names = self.names(labels)
        mention = replace(mention, label=names.get(mention.label, mention.label))
        if not self.by_examples:
            asked = {"mention": self._marked(window, mention), "label": mention.label}
            return self._instruct(VERIFICATION, window, demonstrations, labels, asked)
        true, false = VERDICTS
        label_of_negatives = cycle(names.values())
        examples = [
            Example(d.window, m, true)
            if m.label
            else Example(d.window, replace(m, label=next(label_of_negatives)), false)
            for d in self._renamed(demonstrations, labels)
            for m in _with_a_negative(d)
        ]
        return self._show(VERIFICATION, examples, Example(window, mention), labels, {})

    def options(self, labels: Mapping[str, str]) -> tuple[str, ...]:
        """labels (Mapping[str, str]): Label -> description.
        RETURNS (tuple[str, ...]): The answers to a classification; the last is "no entity".
        """
        names = tuple(self.names(labels).values())
        others = (f"nothing {n}" for n in count(2))
        none = chain((NO_ENTITY, "no entity", "nothing"), others)
        return (*names, next(name for name in none if name not in names))

    def names(self, labels: Mapping[str, str]) -> dict[str, str]:
        """labels (Mapping[str, str]): Label -> description.
        RETURNS (dict[str, str]): Label -> its name in prompts and answers, each a different one.
        RAISES (EL4NERValueError): EL289, two labels have the same name.
        """
        short = {
            label: description if self.by_examples and 0 < _words(description) <= MOST_WORDS else label
            for label, description in labels.items()
        }
        if len(set(short.values())) < len(labels):
            short = {label: label for label in labels}
        names = {label: self.label_names.get(label, short[label]) for label in labels}
        if len(set(names.values())) < len(names):
            raise EL4NERValueError(Errors.EL289.format(names=", ".join(names.values())))
        return names

    def _instruct(
        self,
        job: str,
        window: Window,
        demonstrations: Sequence[Demonstration],
        labels: Mapping[str, str],
        values: dict[str, Any],
    ) -> Prompt:
        """A prompt of the layout "instruction"."""
        named = self._described(labels)
        values |= {
            "labels": named,
            "text": window.text,
            "demonstrations": [
                ShownDemonstration(d, named, self.format, self._marker)
                for d in self._renamed(demonstrations, labels)
            ],
        }
        texts = {name: self._templates[name].render(**values) for name in (SYSTEM, CONTEXT, job)}
        return Prompt(texts[SYSTEM].strip(), texts[CONTEXT].strip(), _question(texts[job]))

    def _show(
        self,
        job: str,
        examples: Sequence[Example],
        question: Example,
        labels: Mapping[str, str],
        values: dict[str, Any],
    ) -> Prompt:
        """A prompt of the layouts "turns" and "completion"."""
        values |= {"labels": self._described(labels)}
        system = self._templates[SYSTEM].render(**values).strip()
        renderer = ExampleRenderer(self.settings, self._templates[job], self._marker)
        question = replace(question, window=without_marks(question.window))
        return renderer.prompt(system, examples, question, values)

    def _marked(self, window: Window, mention: Mention, word: str = "") -> MarkedMention:
        return MarkedMention(window, mention, *self._marker.marks(window)[0], word=word)

    def _described(self, labels: Mapping[str, str]) -> dict[str, str]:
        """The labels under their names."""
        return {name: labels[label] for label, name in self.names(labels).items()}

    def _renamed(
        self, demonstrations: Sequence[Demonstration], labels: Mapping[str, str]
    ) -> list[Demonstration]:
        """Demonstrations with the names of the labels, without those that are not asked for."""
        names = self.names(labels)
        return [
            replace(
                d,
                window=without_marks(d.window) if self.by_examples else d.window,
                mentions=tuple(
                    replace(m, label=names[m.label]) for m in d.mentions if m.label in names
                ),
            )
            for d in demonstrations
        ]


def _words(text: str) -> float:
    """How many words a text has, where two characters of a script without spaces count as one."""
    wide = sum(unicodedata.east_asian_width(character) in "WF" for character in text)
    return max(len(text.split()), wide / 2)


def _with_a_negative(demonstration: Demonstration) -> list[Mention]:
    """The mentions of a demonstration and, without a label, a span that is not an entity."""
    mentions = demonstration.mentions
    negative = unmentioned(demonstration.window, mentions)
    return sorted([*mentions, negative] if negative else mentions)


def _question(text: str) -> str:
    """The question keeps the space before it: it follows the sentence."""
    stripped = text.rstrip()
    return stripped if stripped[:1].isspace() else f" {stripped}"
