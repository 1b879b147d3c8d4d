"""The language model of the fusion: it copies a sentence with inline tags.

    <NG>楚</NG>使怒去，歸告<NR>懷王</NR>。

The sentence is shown with the most similar training sentences and their tagged copies (Xu et al. 2025,
section 3.2). Where the context is too small, demonstrations go first, the least similar one at a time,
and then the window is cut; both are counted.

To write a tag, a model has to find the place that it has come to in the sentence. Models of a few
layers lose it in long sentences, and can be asked about these part by part.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from spacy_el4ner import windows as cuts
from spacy_el4ner.backends.base import Backend
from spacy_el4ner.errors import Errors
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.fusion.probabilities import read_answer
from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.prompts.tagging import TaggingWording
from spacy_el4ner.types import Answer, DecodeRequest, Demonstration, Mention, Prompt, Window

ANSWER_MARGIN = 8
"""Tokens kept free beside the tagged copy."""


@dataclass(frozen=True)
class Question:
    """What is asked about a window, or about a part of it.

    window (Window): The window or the part.
    prompt (Prompt): The question.
    dropped (int): Demonstrations that there was no room for.
    cut (bool): Whether it is a part because there was no room for the whole.
    """

    window: Window
    prompt: Prompt
    dropped: int = 0
    cut: bool = False


class Tagger:
    """Asks a language model for tagged copies.

    backend (Backend): Runs the model.
    wording (str): A wording of the package ("en", "zh", "compact"), or a folder with its templates.
    max_tokens (int): The longest mention, in tokens of the document.
    max_window (int): The most tokens of the document to ask about at a time; longer windows are cut
        after a sentence or a comma, where there is one. 0 for whole windows.
    RAISES (ValueError): `max_window` is negative.
    """

    def __init__(
        self, backend: Backend, wording: str = "en", *, max_tokens: int = 32, max_window: int = 0
    ):
        if max_window < 0:
            known = "0 for whole windows, 1, 2, 3 and so on"
            raise ValueError(Errors.EL010.format(value=max_window, setting="max_window", known=known))
        self.backend = backend
        self.wording = TaggingWording(wording)
        self.max_tokens = max_tokens
        self.max_window = max_window

    def format(self, labels: Mapping[str, str]) -> InlineTags:
        """RETURNS (InlineTags): The language of the answers."""
        return InlineTags(tuple(labels), self.max_tokens)

    def read(
        self,
        windows: Sequence[Window],
        shots: Sequence[Sequence[Demonstration]],
        labels: Mapping[str, str],
        guesses: Sequence[Sequence[Mention]] = (),
    ) -> list[LLMReading]:
        """windows (Sequence[Window]): What is to be read.
        shots (Sequence[Sequence[Demonstration]]): For each window its demonstrations, the most similar
            one first; the prompt shows that one last, next to the sentence.
        labels (Mapping[str, str]): Label -> description.
        guesses (Sequence[Sequence[Mention]]): For each window what it may be found to hold, or nothing
            for all; only speed depends on it.
        RETURNS (list[LLMReading]): One a window, in order. A window that could not be read has its
            `error` set.
        """
        format = self.format(labels)
        asked = [self.ask(w, s, labels) for w, s in zip(windows, shots, strict=True)]
        known: Sequence[Sequence[Mention] | None] = guesses or [None] * len(asked)
        requests = [
            DecodeRequest(q.prompt, format.grammar(q.window), _path(format, window, q.window, guess))
            for window, questions, guess in zip(windows, asked, known, strict=True)
            for q in questions
        ]
        answers = iter(self.backend.decode(requests) if requests else ())
        return [
            _merge(window, [_read(q, next(answers), format) for q in questions], questions)
            if questions
            else LLMReading(error=self._no_room(window, labels))
            for window, questions in zip(windows, asked, strict=True)
        ]

    def ask(
        self, window: Window, shots: Sequence[Demonstration], labels: Mapping[str, str]
    ) -> list[Question]:
        """window (Window): What is to be read.
        shots (Sequence[Demonstration]): Its demonstrations, the most similar one first.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[Question]): One question, or several where the window is cut; none where there is
            no room even for one token.
        """

        def short(part: Window) -> bool:
            return not self.max_window or len(part.tokens) <= self.max_window

        asked = [self._ask(part, shots, labels) for part in cuts.split(window, short)]
        return [question for part in asked for question in part] if all(asked) else []

    def _ask(
        self, window: Window, shots: Sequence[Demonstration], labels: Mapping[str, str]
    ) -> list[Question]:
        """The same for a window that is short enough, but for the context."""
        for kept in range(len(shots), -1, -1):
            prompt = self._prompt(window, shots[:kept], labels)
            if self._needed(window, prompt, labels) <= self.backend.context:
                return [Question(window, prompt, len(shots) - kept)]

        def fits(part: Window) -> bool:
            prompt = self._prompt(part, (), labels)
            return self._needed(part, prompt, labels) <= self.backend.context

        parts = cuts.split(window, fits)
        if not all(map(fits, parts)):
            return []
        dropped = [len(shots), *[0] * (len(parts) - 1)]
        return [
            Question(part, self._prompt(part, (), labels), n, cut=True)
            for part, n in zip(parts, dropped, strict=True)
        ]

    def _prompt(
        self, window: Window, shots: Sequence[Demonstration], labels: Mapping[str, str]
    ) -> Prompt:
        return self.wording.prompt(window, shots[::-1], labels, self.format(labels))

    def _needed(self, window: Window, prompt: Prompt, labels: Mapping[str, str]) -> int:
        """Tokens of a prompt and of the longest answer to it, in which every token is a mention."""
        count = self.backend.count
        copy = sum(count(space + token) for space, token in window.pieces)
        tags = self.format(labels).tags(window.text).values()
        longest = max((count(opening) + count(closing) for opening, closing in tags), default=0)
        answer = copy + longest * len(window.tokens)
        return self.backend.count_prompt(prompt) + answer + ANSWER_MARGIN

    def _no_room(self, window: Window, labels: Mapping[str, str]) -> str:
        parts = cuts.split(window, lambda _: False)
        needed = max(self._needed(p, self._prompt(p, (), labels), labels) for p in parts)
        return Errors.EL051.format(name=self.backend.model, context=self.backend.context, needed=needed)


def _path(
    format: InlineTags, window: Window, part: Window, guess: Sequence[Mention] | None
) -> tuple[str, ...]:
    """The answer about a part of a window that holds what was guessed of the window."""
    if guess is None:
        return ()
    inside = cuts.mentions_in(window, part, guess)
    return tuple(format.path(part, [m for m in inside if m.label in format.labels]))


def _read(question: Question, answer: Answer, format: InlineTags) -> LLMReading:
    if answer.error:
        return LLMReading(error=answer.error)
    parsed = format.parse(answer.text, question.window)
    reading = read_answer(answer, parsed, question.window)
    return replace(reading, unaligned=parsed.unaligned, unparsed=parsed.unparsed)


def _merge(window: Window, readings: Sequence[LLMReading], questions: Sequence[Question]) -> LLMReading:
    """The readings of a window's parts as one. If one of them failed, the window has none."""
    mentions: list[LLMMention] = []
    copied: list[float] = []
    for reading, question in zip(readings, questions, strict=True):
        mentions += [_moved(m, question.window.start - window.start) for m in reading.mentions]
        copied += reading.copied
    error = next((r.error for r in readings if r.error), "")
    return LLMReading(
        () if error else tuple(mentions),
        () if error else tuple(copied),
        error,
        any(r.estimated for r in readings),
        unaligned=sum(r.unaligned for r in readings),
        unparsed=sum(r.unparsed for r in readings),
        dropped=sum(q.dropped for q in questions),
        parts=max(1, sum(q.cut for q in questions)),
    )


def _moved(found: LLMMention, by: int) -> LLMMention:
    m = found.mention
    return replace(found, mention=Mention(m.start + by, m.end + by, m.label))
