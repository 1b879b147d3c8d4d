"""Prompts made of examples: the layouts "turns" and "completion".

A template describes one example, such as

    Text:
    {{ text }}
    Names:
    {{ answer }}

Each demonstration is an example with its right answer, and the question is an example up to its answer.
Texts, answers and stops are tokenized by themselves, and the answer of a demonstration in the pieces of
its grammar: the model is asked with the very tokens that it was shown.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import jinja2

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.prompts.layout import TemplateSettings
from spacy_el4ner.prompts.shown import MarkedMention
from spacy_el4ner.types import CUT, Mention, Prompt, Window

_ANSWER = "\ufdd1"
"""Stands for the answer while a template is rendered. Like `CUT`, no text has it."""
_REPLACED = {ord(CUT): "\ufffd", ord(_ANSWER): "\ufffd"}


@dataclass(frozen=True)
class Example:
    """A question about a text, with its answer.

    window (Window): The text.
    mention (Mention | None): The span that is asked about, with the label that is asked about; None for
        a question about the whole text.
    answer (str): The right answer, cut where its tokenization is; "" for the question itself.
    word (str): Stands in the mention's place; "" for its own text.
    """

    window: Window
    mention: Mention | None = None
    answer: str = ""
    word: str = ""


class ExampleRenderer:
    """Makes prompts of examples.

    settings (TemplateSettings): The layout, and what stands between two examples.
    template (Template): Describes an example.
    marker (InlineTags): Marks the span that is asked about.
    """

    def __init__(self, settings: TemplateSettings, template: jinja2.Template, marker: InlineTags):
        self.settings = settings
        self.template = template
        self.marker = marker

    def prompt(
        self, system: str, examples: Sequence[Example], question: Example, values: Mapping[str, Any]
    ) -> Prompt:
        """system (str): The text before the examples, or "".
        examples (Sequence[Example]): The demonstrations, in order.
        question (Example): The example without an answer.
        values (Mapping[str, Any]): Values that all examples share.
        RETURNS (Prompt): A conversation, or a text to be continued.
        RAISES (EL4NERValueError): EL288, the template has no answer, or nothing before it.
        """
        if self.settings.layout == "turns":
            asked = self._before_answer(question, values).strip()
            exchanges = tuple((self._before_answer(e, values).strip(), e.answer) for e in examples)
            return Prompt(system, *_halves(asked, question.window), exchanges)
        return self._completion(system, examples, question, values)

    def _completion(
        self, system: str, examples: Sequence[Example], question: Example, values: Mapping[str, Any]
    ) -> Prompt:
        """A text to be continued. Examples about the mentions of one text stand together below it."""
        settings, unanswered = self.settings, self._before_answer(question, values)
        next_mention = "" if question.mention is None else settings.next_mention
        stop = next_mention or settings.stop
        before_text = settings.stop.removeprefix(stop)
        # A space before an option belongs to its first word; a format's answer has tokens of its own.
        lead = " " if question.mention is not None and unanswered.endswith(" ") else ""
        parts = []
        for n, example in enumerate(examples):
            repeated = bool(next_mention) and n > 0 and examples[n - 1].window == example.window
            before = self._before_answer(example, values, repeated).removesuffix(lead)
            between = before_text if n and not repeated else ""
            parts += [between, before, lead + example.answer, stop]
        if parts:
            parts += [before_text, ""]
        beginning, rest = _halves(unanswered.removesuffix(lead), question.window)
        head = f"{system}{settings.stop}" if system else ""
        return Prompt(head, CUT.join(parts) + beginning, rest, stop=stop, lead=lead)

    def _before_answer(
        self, example: Example, values: Mapping[str, Any], repeated: bool = False
    ) -> str:
        """The text of an example up to its answer."""
        window, mention = example.window, example.mention
        own: dict[str, Any] = {
            "text": f"{CUT}{window.text}{CUT}",
            "repeated": repeated,
            "answer": _ANSWER,
        }
        if mention is not None:
            marks = self.marker.marks(window)[0]
            own["mention"] = MarkedMention(window, mention, *marks, word=example.word)
            own["label"] = mention.label
        before, found, _ = self.template.render({**values, **own}).partition(_ANSWER)
        if not found or not before.strip():
            raise EL4NERValueError(Errors.EL288.format(path=self.template.filename))
        return before


def cut_answer(options: Iterable[str]) -> str:
    """options (Iterable[str]): An answer as options of its grammar.
    RETURNS (str): The answer, cut where the tokenization of an answer is.
    """
    return CUT.join(options)


def without_marks(window: Window) -> Window:
    """window (Window): A text.
    RETURNS (Window): The text without the characters that are used as marks here, at the same offsets.
    """
    text = window.text.translate(_REPLACED)
    return window if text == window.text else replace(window, text=text)


def unmentioned(window: Window, mentions: Sequence[Mention]) -> Mention | None:
    """A span to demonstrate "no entity" with.

    window (Window): A text.
    mentions (Sequence[Mention]): Its entities.
    RETURNS (Mention | None): Its longest token outside of them, the first of several; None if there is
        no token with a letter or digit.
    """
    free = [
        (start, end)
        for start, end in window.tokens
        if any(c.isalnum() for c in window.text[start:end])
        and not any(start < m.end and m.start < end for m in mentions)
    ]
    return Mention(*max(free, key=lambda span: span[1] - span[0])) if free else None


def _halves(question: str, window: Window) -> tuple[str, str]:
    """The question up to the end of the text, which other questions about it share, and the rest."""
    before, text, rest = question.partition(f"{CUT}{window.text}{CUT}")
    return (before + text, rest) if rest else ("", question)
