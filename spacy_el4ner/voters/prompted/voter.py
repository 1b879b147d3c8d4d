"""A language model as a voter: a prompt template over a backend."""

import hashlib
import json
import math
import warnings
from collections.abc import Callable, Sequence
from copy import copy
from itertools import chain
from typing import Any

from spacy_el4ner.backends.base import Backend, is_remote, takes_offsets
from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.blocks import checks_blocks
from spacy_el4ner.errors import Warnings
from spacy_el4ner.formats.base import Format
from spacy_el4ner.prompts.fitting import PromptPlan
from spacy_el4ner.prompts.template import VERDICTS, PromptTemplate
from spacy_el4ner.text.windows import mentions_in
from spacy_el4ner.types import Demonstration, Mention, ScoreRequest, Window
from spacy_el4ner.voters.base import (
    Ballot,
    Coverage,
    Demonstrations,
    Labels,
    Proposals,
    Spans,
    Verification,
    Voter,
)
from spacy_el4ner.voters.prompted.ballots import BallotReader
from spacy_el4ner.voters.prompted.calibration import VoterCalibration, shifted
from spacy_el4ner.voters.prompted.extraction import SpanGuess, decisions, extract, join
from spacy_el4ner.voters.prompted.memory import Memory, PromptKey
from spacy_el4ner.voters.prompted.openings import (
    extract_one_by_one,
    marks_a_copy,
    openings,
    unmarked,
)
from spacy_el4ner.voters.prompted.planning import Planner


class PromptedVoter(Voter):
    """Asks a language model in words, and reads spans and probabilities from its answers.

    What was planned and extracted for the windows of a batch is kept until `forget`: the same prompt is
    not asked twice, and an extraction with demonstrations starts from the one without.

    backend (Backend): Runs the model: a block of HFBackend.v1, LlamaCppBackend.v1, OpenAIBackend.v1
        or StoredBackend.v1.
    template (str): The prompts: "en" or "zh" (instructions), "turns" (demonstrations as turns of a
        conversation), "completion" (a text to be continued, for base and very small models),
        "compact/terse", "compact/plain", "compact/marked" (compact backbones), or a folder with
        templates.
    format (Format | None): The language of the extraction answers; None for InlineTags.v1, with the
        brackets or tags of the template.
    label_names (dict[str, str] | None): Label -> its name in prompts and answers, such as {"GPE":
        "place"}, for labels that the model does not know. By default a label is called as it is; with
        "turns" and "completion" a description of up to three words is its name.
    most_similar_last (bool): Whether the most similar demonstration stands last, next to the sentence
        (our choice; the paper leaves it open).
    calibrated (bool): Whether the calibration that `tune` fits is applied.
    """

    @checks_blocks
    def __init__(
        self,
        backend: Backend,
        template: str = "en",
        format: Format | None = None,
        label_names: dict[str, str] | None = None,
        most_similar_last: bool = True,
        calibrated: bool = True,
    ):
        self.backend = backend
        self.template = PromptTemplate(template, format, label_names)
        self.most_similar_last = most_similar_last
        self.calibrated = calibrated
        self.calibration = VoterCalibration()
        self._memory = Memory()

    @property
    def identity(self) -> str:
        """RETURNS (str): The model, and a digest of all that its answers depend on."""
        settings = {
            "backend": getattr(self.backend, "identity", self.backend.model),
            "template": self.template.name,
            "format": [self.template.format.name, vars(self.template.format)],
            "label_names": self.template.label_names,
            "most_similar_last": self.most_similar_last,
            "calibration": self.calibration.to_dict(),
        }
        text = json.dumps(settings, sort_keys=True, default=str)
        return f"{self.backend.model}#{hashlib.sha256(text.encode()).hexdigest()[:12]}"

    @property
    def remote(self) -> bool:
        """RETURNS (bool): Whether the model runs on a server."""
        return is_remote(self.backend)

    @property
    def verifies(self) -> bool:
        """RETURNS (bool): Whether the voter is of use as a verifier, by its calibration."""
        return self.calibration.verifies

    def with_backend(self, backend: Backend) -> "PromptedVoter":
        """backend (Backend): Another backend.
        RETURNS (PromptedVoter): A voter that asks it in the same words.
        """
        voter = copy(self)
        voter.backend = backend
        return voter

    def calibrate(self, calibration: VoterCalibration) -> None:
        """Use a calibration from now on, unless the setting `calibrated` forbids it.

        calibration (VoterCalibration): The calibration. A backend that cannot take offsets goes without
            them, with a warning; one that gives no probabilities goes without all of it.
        """
        if not self.calibrated:
            return
        if not self.backend.exact:
            calibration = calibration.only({"labels": False, "verification": False})
        fitted = calibration.offsets or calibration.zero_shot or calibration.one_by_one
        if fitted and not takes_offsets(self.backend):
            warnings.warn(Warnings.WL240.format(name=self.backend.model), stacklevel=2)
            calibration = calibration.only({"offsets": False})
        self.calibration = calibration
        self._memory = Memory()

    def propose(
        self,
        windows: Sequence[Window],
        demonstrations: Demonstrations,
        labels: Labels,
        hints: Spans = (),
    ) -> list[Proposals]:
        """Extract spans; see `Voter.propose` for the parameters.

        windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window.
        labels (Mapping[str, str]): Label -> description.
        hints (Sequence[Sequence[Span]]): Where decoding starts, unless this voter was asked about the
            windows before.
        RETURNS (list[Proposals]): One per window, in order.
        """
        memory = self._remembered(labels)
        plans = self._plans(memory, windows, demonstrations)
        self._turn_to(memory, demonstrations)
        drafts = _drafts(memory, windows, hints)
        new = [
            (plan, draft)
            for parts, draft in zip(plans, drafts, strict=True)
            for plan in parts
            if not plan.unread and _key(plan) not in memory.extracted
        ]
        extracted = self._extract([p for p, _ in new], [d for _, d in new], labels)
        for (plan, _), proposals in zip(new, extracted, strict=True):
            memory.extracted[_key(plan)] = proposals
        joined = [
            join(window, [(p.window, memory.extracted[_key(p)]) for p in parts if not p.unread])
            for window, parts in zip(windows, plans, strict=True)
        ]
        memory.proposed |= zip(windows, joined, strict=True)
        return joined

    def decisions(
        self,
        windows: Sequence[Window],
        demonstrations: Demonstrations,
        labels: Labels,
        gold: Spans,
        one_by_one: bool = False,
    ) -> list[list[ForcedDecision]]:
        """Read what the model decides at each place of the right answers, without offsets.

        windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window.
        labels (Mapping[str, str]): Label -> description.
        gold (Sequence[Sequence[Span]]): The spans of the right answers.
        one_by_one (bool): Read along the unmarked copy instead, where a mention opens.
        RETURNS (list[list[ForcedDecision]]): The decisions in each window, in order; none from a
            backend that cannot take offsets, or one by one in a format that marks no copy.
        """
        forced: list[list[ForcedDecision]] = [[] for _ in windows]
        if not takes_offsets(self.backend):
            return forced
        plans = self.plan(windows, demonstrations, labels)
        read = [(n, plan) for n, parts in enumerate(plans) for plan in parts if not plan.unread]
        if one_by_one:
            read = [(n, plan) for n, plan in read if self._marks_a_copy(plan)]
            asked = [unmarked(self.template, plan, labels) for _, plan in read]
            for (n, plan), answer in zip(read, self.backend.force(asked) if asked else (), strict=True):
                spans = mentions_in(windows[n], plan.window, (Mention(*span) for span in gold[n]))
                forced[n] += openings(plan.window, answer, [(m.start, m.end) for m in spans])
            return forced
        guesses = [SpanGuess(windows[n], gold[n]) for n, _ in read]
        answers = decisions(self.backend, self.template, [p for _, p in read], guesses, labels)
        for (n, _), answer in zip(read, answers, strict=True):
            forced[n] += answer
        return forced

    def classify(
        self,
        windows: Sequence[Window],
        spans: Spans,
        demonstrations: Demonstrations,
        labels: Labels,
    ) -> list[list[Ballot]]:
        """Score the labels and "no entity" as answers; see `Voter.classify` for the parameters.

        windows (Sequence[Window]): The windows.
        spans (Sequence[Sequence[Span]]): The spans of each window.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[Ballot]]): One per span of each window, in order.
        """
        options = self.template.options(labels)
        neutral = self.template.settings.neutral and self.calibration.neutral

        def ask(window: Window, shown: Sequence[Demonstration], m: Mention) -> list[ScoreRequest]:
            prompts = [self.template.classification(window, shown, labels, m)]
            if neutral:
                prompts.append(self.template.classification(window, shown, labels, m, neutral=True))
            return [ScoreRequest(prompt, options) for prompt in prompts]

        mentions = [[Mention(*span) for span in found] for found in spans]
        scored = self._score(windows, mentions, demonstrations, labels, ask)
        read = BallotReader([*labels, ""], self.calibration, self.backend.exact)
        return [[read(*scores) for scores in found] for found in scored]

    def verify(
        self,
        windows: Sequence[Window],
        mentions: Sequence[Sequence[Mention]],
        demonstrations: Demonstrations,
        labels: Labels,
    ) -> list[list[Verification]]:
        """Score "true" and "false" as answers; see `Verifier.verify` for the parameters.

        windows (Sequence[Window]): The windows.
        mentions (Sequence[Sequence[Mention]]): The labelled spans of each window.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[Verification]]): One per mention of each window, in order.
        """

        def ask(window: Window, shown: Sequence[Demonstration], m: Mention) -> list[ScoreRequest]:
            return [ScoreRequest(self.template.verification(window, shown, labels, m), VERDICTS)]

        def verification(scores: Sequence[float]) -> Verification:
            true, false = scores
            unread = true == false == -math.inf
            offset = self.calibration.verification
            if unread or not offset:
                return Verification(true > false, math.exp(true), not self.backend.exact, unread)
            log_odds = true - false
            return Verification(log_odds + offset > 0, shifted(log_odds, offset), raw=math.exp(true))

        scored = self._score(windows, mentions, demonstrations, labels, ask)
        return [[verification(*scores) for scores in found] for found in scored]

    def coverage(
        self, windows: Sequence[Window], demonstrations: Demonstrations, labels: Labels
    ) -> list[Coverage]:
        """Say what there is room for; see `Voter.coverage` for the parameters.

        windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[Coverage]): One per window, in order.
        """
        return [
            Coverage(
                plans[0].demonstrations,
                sum(plan.dropped for plan in plans),
                len(plans),
                tuple(
                    (p.window.start - window.start, p.window.end - window.start)
                    for p in plans
                    if p.unread
                ),
            )
            for window, plans in zip(windows, self.plan(windows, demonstrations, labels), strict=True)
        ]

    def plan(
        self, windows: Sequence[Window], demonstrations: Demonstrations, labels: Labels
    ) -> list[list[PromptPlan]]:
        """windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window, the most similar one
            first.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[PromptPlan]]): The prompts planned for each window: one, or one per part.
        RAISES (EL4NERValueError): EL005, the context is too short even for the shortest token.
        """
        return self._plans(self._remembered(labels), windows, demonstrations)

    def forget(self) -> None:
        """Free what was kept about the windows of a batch, and the prefixes of their prompts."""
        self._memory = Memory()
        self.backend.forget()

    def unload(self) -> None:
        """Free the model's memory."""
        self.backend.unload()

    def _extract(
        self, plans: Sequence[PromptPlan], drafts: Sequence[SpanGuess], labels: Labels
    ) -> list[Proposals]:
        """What prompts lead to: one answer each, or decisions one by one."""
        backend, template, calibration = self.backend, self.template, self.calibration
        if calibration.one_by_one and takes_offsets(backend) and all(map(self._marks_a_copy, plans)):
            return extract_one_by_one(backend, template, plans, labels, calibration)
        return extract(backend, template, plans, drafts, labels, calibration)

    def _marks_a_copy(self, plan: PromptPlan) -> bool:
        return marks_a_copy(self.template.format, plan.window)

    def _remembered(self, labels: Labels) -> Memory:
        """What is known of prompts with these labels. A call keeps to one memory from beginning to end,
        because another thread may make this voter forget meanwhile.
        """
        memory = self._memory
        if memory.labels != dict(labels):
            memory = self._memory = Memory(dict(labels))
        return memory

    def _planner(self, labels: Labels) -> Planner:
        return Planner(self.backend, self.template, self.most_similar_last, labels)

    def _plans(
        self, memory: Memory, windows: Sequence[Window], demonstrations: Demonstrations
    ) -> list[list[PromptPlan]]:
        """The prompts planned for each window, those that are known or new ones."""
        planner = self._planner(memory.labels)
        plans = []
        for window, shown in zip(windows, demonstrations, strict=True):
            key = window, tuple(shown) if self.calibration.demonstrations else ()
            if key not in memory.plans:
                memory.plans[key] = planner.plan(*key)
            plans.append(memory.plans[key])
        return plans

    def _turn_to(self, memory: Memory, demonstrations: Demonstrations) -> None:
        """Once most prompts begin with demonstrations, the prefixes of those without are of no use."""
        if not self.calibration.demonstrations:
            return
        if not memory.demonstrated and 2 * sum(map(bool, demonstrations)) >= len(demonstrations):
            memory.demonstrated = True
            self.backend.forget()

    def _score(
        self,
        windows: Sequence[Window],
        mentions: Sequence[Sequence[Mention]],
        demonstrations: Demonstrations,
        labels: Labels,
        ask: Callable[[Window, Sequence[Demonstration], Mention], list[ScoreRequest]],
    ) -> list[list[list[list[float]]]]:
        """ask (Callable): Puts the questions about a mention into words.
        RETURNS (list[list[list[list[float]]]]): Log-probability of each option, per question about each
            mention of each window.
        """
        memory, planner = self._remembered(labels), self._planner(labels)
        plans, questions = self._plans(memory, windows, demonstrations), []
        self._turn_to(memory, demonstrations)
        for window, asked_mentions, parts in zip(windows, mentions, plans, strict=True):
            for m in asked_mentions:
                start, end = window.start + m.start, window.start + m.end
                holding = (
                    p for p in parts if not p.unread and p.window.start <= start and end <= p.window.end
                )
                plan = next(holding, None) or planner.plan_around(window, (m.start, m.end))
                inside = Mention(start - plan.window.start, end - plan.window.start, m.label)
                questions.append(ask(plan.window, plan.demonstrations, inside))
        new = list(dict.fromkeys(chain.from_iterable(questions)))
        scored = dict(zip(new, self.backend.score(new) if new else [], strict=True))
        scores = iter([[scored[request] for request in requests] for requests in questions])
        return [[next(scores) for _ in asked_mentions] for asked_mentions in mentions]

    def __getstate__(self) -> dict[str, Any]:
        """The memory of a batch stays behind."""
        return {**self.__dict__, "_memory": Memory()}


def _key(plan: PromptPlan) -> PromptKey:
    return plan.window, plan.demonstrations


def _drafts(memory: Memory, windows: Sequence[Window], hints: Spans) -> list[SpanGuess]:
    """From what the voter proposed before, or else from the hints."""
    if memory.proposed:
        spans = [list(memory.proposed[w].spans) if w in memory.proposed else [] for w in windows]
    else:
        spans = [list(hint) for hint in hints]
    if not any(spans):
        return [SpanGuess(window) for window in windows]
    return [SpanGuess(window, found) for window, found in zip(windows, spans, strict=True)]
