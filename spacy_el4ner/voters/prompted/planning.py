"""Prompts planned for windows: the parts and demonstrations that a model's context has room for."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spacy_el4ner.backends.base import Backend
from spacy_el4ner.errors import EL4NERSetupError, Errors
from spacy_el4ner.prompts.fitting import ANSWER_MARGIN, PromptPlan, fit, fits
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.text import windows
from spacy_el4ner.types import Demonstration, Mention, Window
from spacy_el4ner.voters.base import Labels, Span

SHORTEST = Window("x", 0, ((0, 1),))
"""The shortest window, which fits into the context of any useful model."""


@dataclass(frozen=True)
class Planner:
    """Plans the prompts of one model.

    backend (Backend): Runs the model; counts its tokens.
    template (PromptTemplate): Puts the questions into words.
    most_similar_last (bool): Whether the most similar demonstration stands last.
    labels (dict[str, str]): Label -> description.
    """

    backend: Backend
    template: PromptTemplate
    most_similar_last: bool
    labels: Labels

    def plan(self, window: Window, demonstrations: Sequence[Demonstration]) -> list[PromptPlan]:
        """window (Window): The window.
        demonstrations (Sequence[Demonstration]): Its demonstrations, the most similar one first.
        RETURNS (list[PromptPlan]): One plan, or one per part where the window had to be cut.
        RAISES (EL4NERValueError): EL005, the context is too short even for the shortest token.
        """
        context = self.backend.context
        plans = fit(
            window,
            demonstrations,
            self.needed,
            context,
            most_similar_last=self.most_similar_last,
        )
        if any(plan.unread for plan in plans):
            needed = self.needed(SHORTEST, ()) + ANSWER_MARGIN
            if needed > context:
                raise EL4NERSetupError(
                    Errors.EL005.format(name=self.backend.model, context=context, needed=needed)
                )
        return plans

    def plan_around(self, window: Window, span: Span) -> PromptPlan:
        """window (Window): The window.
        span (Span): A span of it that a cut goes through.
        RETURNS (PromptPlan): A plan for the largest part around the span that there is room for.
        """
        context = self.backend.context
        part = windows.part_around(window, *span, lambda w: fits(w, (), self.needed, context))
        return PromptPlan(part, cut=True)

    def needed(self, window: Window, demonstrations: Sequence[Demonstration]) -> int:
        """window (Window): A window, or a part of one.
        demonstrations (Sequence[Demonstration]): The demonstrations shown with it.
        RETURNS (int): Tokens of the longest prompt about the window and of its longest answer.
        """
        extraction = self._extraction(window, demonstrations)
        return max(extraction, self._choice(window, demonstrations)) if self.labels else extraction

    def _extraction(self, window: Window, demonstrations: Sequence[Demonstration]) -> int:
        prompt = self.template.extraction(window, demonstrations, self.labels)
        answer = self.template.format.grammar(window).longest(self.backend.count)
        return self.backend.count_prompt(prompt) + answer

    def _choice(self, window: Window, demonstrations: Sequence[Demonstration]) -> int:
        """Tokens of the longest question about a span. A mention, whoever proposed it, and the words
        around it are at most the window.
        """
        backend, template, labels = self.backend, self.template, self.labels
        whole = Mention(0, len(window.text))
        questions = [
            template.classification(window, demonstrations, labels, whole),
            *(
                template.verification(window, demonstrations, labels, replace(whole, label=label))
                for label in self._longest()
            ),
        ]
        lead = questions[0].lead
        option = max(backend.count(lead + option) for option in template.options(labels))
        # A mention within cuts what the tokenizer takes together, as a run of emoji into one "[UNK]".
        copy = sum(backend.count(space + token) for space, token in window.pieces)
        uncut = max(0, copy - backend.count(window.text))
        return max(backend.count_prompt(question) for question in questions) + uncut + option

    def _longest(self) -> set[str]:
        """The labels with the longest questions: by name alone, and with the description."""
        count = self.backend.count
        names = {label: count(label) for label in self.labels}
        described = {label: names[label] + count(self.labels[label]) for label in self.labels}
        return {max(names, key=names.__getitem__), max(described, key=described.__getitem__)}
