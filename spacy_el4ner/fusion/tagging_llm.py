"""The language model of the fusion: it copies a sentence with inline tags.

    <NG>楚</NG>使怒去，歸告<NR>懷王</NR>。

The sentence is shown with the most similar training sentences and their tagged copies (Xu et al. 2025,
section 3.2).

To write a tag, a model has to keep track of its place in the sentence. Models of few layers lose it in
long sentences, which can be read part by part instead.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from spacy_el4ner.backends.base import Backend
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.fusion.probabilities import read_answer
from spacy_el4ner.fusion.readings import LLMMention, LLMReading
from spacy_el4ner.prompts.fitting import ANSWER_MARGIN, PromptPlan, fit
from spacy_el4ner.prompts.tagging import TaggingTemplate
from spacy_el4ner.text import windows as cuts
from spacy_el4ner.types import Answer, DecodeRequest, Demonstration, Mention, Prompt, Window


class TaggingLLM:
    """Reads windows by asking a language model for tagged copies.

    backend (Backend): Runs the model.
    template (str): A template of the package ("en", "zh", "compact"), or a folder with its templates.
    max_tokens (int): Longest mention, in tokens of the document.
    max_window (int): Largest window, in tokens of the document; longer ones are cut, after a sentence
        or a comma if possible. 0 for whole windows.
    RAISES (ValueError): `max_window` is negative.
    """

    def __init__(
        self, backend: Backend, template: str = "en", *, max_tokens: int = 32, max_window: int = 0
    ):
        if max_window < 0:
            known = "0 for whole windows, 1, 2, 3 and so on"
            raise EL4NERValueError(
                Errors.EL010.format(value=max_window, setting="max_window", known=known)
            )
        self.backend = backend
        self.template = TaggingTemplate(template)
        self.max_tokens = max_tokens
        self.max_window = max_window

    def format(self, labels: Mapping[str, str]) -> InlineTags:
        """labels (Mapping[str, str]): Label -> description.
        RETURNS (InlineTags): The format of the answers.
        """
        return InlineTags(tuple(labels), self.max_tokens)

    def read(
        self,
        windows: Sequence[Window],
        demonstrations: Sequence[Sequence[Demonstration]],
        labels: Mapping[str, str],
        guesses: Sequence[Sequence[Mention]] = (),
    ) -> list[LLMReading]:
        """windows (Sequence[Window]): The windows to read.
        demonstrations (Sequence[Sequence[Demonstration]]): For each window its demonstrations, the
            most similar one first; the prompt shows that one last, next to the sentence.
        labels (Mapping[str, str]): Label -> description.
        guesses (Sequence[Sequence[Mention]]): Likely mentions of each window, which affect only the
            speed; empty for none.
        RETURNS (list[LLMReading]): One reading for each window, in order. That of a window that could
            not be read has an `error`.
        """
        format = self.format(labels)
        planned = [self.plan(w, d, labels) for w, d in zip(windows, demonstrations, strict=True)]
        guessed: Sequence[Sequence[Mention] | None] = guesses or [None] * len(planned)
        requests = [
            DecodeRequest(
                self.prompt(plan, labels),
                format.grammar(plan.window),
                _path(format, window, plan.window, guess),
            )
            for window, plans, guess in zip(windows, planned, guessed, strict=True)
            for plan in plans
        ]
        answers = iter(self.backend.decode(requests) if requests else ())
        return [
            _merge(window, [_read(plan, next(answers), format) for plan in plans], plans)
            if plans
            else LLMReading(error=self._no_room(window, labels))
            for window, plans in zip(windows, planned, strict=True)
        ]

    def plan(
        self, window: Window, demonstrations: Sequence[Demonstration], labels: Mapping[str, str]
    ) -> list[PromptPlan]:
        """window (Window): The window to read.
        demonstrations (Sequence[Demonstration]): Its demonstrations, the most similar one first.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[PromptPlan]): One plan, or several where the window is cut; none where the
            context is too small even for one token.
        """

        def short(part: Window) -> bool:
            return not self.max_window or len(part.tokens) <= self.max_window

        def needed(part: Window, shown: Sequence[Demonstration]) -> int:
            return self.tokens_needed(part, shown, labels)

        plans = [
            plan
            for part in cuts.split(window, short)
            for plan in fit(part, demonstrations, needed, self.backend.context)
        ]
        return [] if any(plan.unread for plan in plans) else plans

    def prompt(self, plan: PromptPlan, labels: Mapping[str, str]) -> Prompt:
        """plan (PromptPlan): A plan of this language model.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (Prompt): The prompt as planned.
        """
        return self.template.prompt(plan.window, plan.demonstrations, labels, self.format(labels))

    def tokens_needed(
        self, window: Window, demonstrations: Sequence[Demonstration], labels: Mapping[str, str]
    ) -> int:
        """window (Window): A window or a part of one.
        demonstrations (Sequence[Demonstration]): Its demonstrations, in the order of the prompt.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (int): Tokens of the prompt and of the longest answer: every token is a mention.
        """
        format = self.format(labels)
        prompt = self.template.prompt(window, demonstrations, labels, format)
        answer = format.grammar(window).longest(self.backend.count)
        return self.backend.count_prompt(prompt) + answer

    def _no_room(self, window: Window, labels: Mapping[str, str]) -> str:
        parts = cuts.split(window, lambda _: False)
        needed = max(self.tokens_needed(part, (), labels) for part in parts) + ANSWER_MARGIN
        return Errors.EL051.format(name=self.backend.model, context=self.backend.context, needed=needed)


def _path(
    format: InlineTags, window: Window, part: Window, guess: Sequence[Mention] | None
) -> tuple[str, ...]:
    """The answer about a part of a window that holds what was guessed of the window."""
    if guess is None:
        return ()
    inside = cuts.mentions_in(window, part, guess)
    return tuple(format.path(part, [m for m in inside if m.label in format.labels]))


def _read(plan: PromptPlan, answer: Answer, format: InlineTags) -> LLMReading:
    if answer.error:
        return LLMReading(error=answer.error)
    parsed = format.parse(answer.text, plan.window)
    reading = read_answer(answer, parsed, plan.window)
    return replace(reading, unaligned=parsed.unaligned, unparsed=parsed.unparsed)


def _merge(window: Window, readings: Sequence[LLMReading], plans: Sequence[PromptPlan]) -> LLMReading:
    """The readings of a window's parts as one. If one of them failed, the window has none."""
    mentions: list[LLMMention] = []
    copied: list[float] = []
    for reading, plan in zip(readings, plans, strict=True):
        mentions += [_moved(m, plan.window.start - window.start) for m in reading.mentions]
        copied += reading.copied
    error = next((r.error for r in readings if r.error), "")
    return LLMReading(
        () if error else tuple(mentions),
        () if error else tuple(copied),
        error,
        any(r.estimated for r in readings),
        unaligned=sum(r.unaligned for r in readings),
        unparsed=sum(r.unparsed for r in readings),
        dropped=sum(plan.dropped for plan in plans),
        parts=max(1, sum(plan.cut for plan in plans)),
    )


def _moved(entity: LLMMention, by: int) -> LLMMention:
    m = entity.mention
    return replace(entity, mention=Mention(m.start + by, m.end + by, m.label))
