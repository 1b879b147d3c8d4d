"""Extraction by a language model: one prompt per planned part of a window."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from spacy_el4ner.backends.base import Backend, TakesOffsets
from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.prompts.fitting import PromptPlan
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.text.windows import mentions_in, snap
from spacy_el4ner.types import Answer, DecodeRequest, Mention, Window
from spacy_el4ner.voters.base import Labels, Proposals, Span
from spacy_el4ner.voters.prompted.calibration import VoterCalibration


@dataclass(frozen=True)
class SpanGuess:
    """A guess at what a model will extract, for decoding to start from. Only speed depends on it.

    window (Window): The whole window.
    spans (Sequence[Span] | None): The spans expected in it; None where there is nothing to go by.
    """

    window: Window
    spans: Sequence[Span] | None = None


def extract(
    backend: Backend,
    template: PromptTemplate,
    plans: Sequence[PromptPlan],
    drafts: Sequence[SpanGuess],
    labels: Labels,
    calibration: VoterCalibration,
) -> list[Proposals]:
    """backend (Backend): Runs the model.
    template (PromptTemplate): Puts the question into words.
    plans (Sequence[PromptPlan]): Prompts that have room, of any windows.
    drafts (Sequence[SpanGuess]): The guess for each plan.
    labels (Mapping[str, str]): Label -> description.
    calibration (VoterCalibration): Has the offsets of the format's decisions.
    RETURNS (list[Proposals]): One per plan, in order, with offsets in the part that the plan is for.
    """
    requests = [
        DecodeRequest(
            template.extraction(plan.window, plan.demonstrations, labels),
            template.format.grammar(plan.window),
            _path(template, plan.window, draft),
            calibration.bias(bool(plan.demonstrations)),
        )
        for plan, draft in zip(plans, drafts, strict=True)
    ]
    answers = backend.decode(requests) if requests else []
    answers = [a if r.bias else replace(a, raw=()) for a, r in zip(answers, requests, strict=True)]
    return [_parse(template, p.window, answer) for p, answer in zip(plans, answers, strict=True)]


def decisions(
    backend: TakesOffsets,
    template: PromptTemplate,
    plans: Sequence[PromptPlan],
    gold: Sequence[SpanGuess],
    labels: Labels,
) -> list[list[ForcedDecision]]:
    """backend (TakesOffsets): Runs the model.
    template (PromptTemplate): Puts the question into words.
    plans (Sequence[PromptPlan]): Prompts that have room, of any windows.
    gold (Sequence[SpanGuess]): The spans that the answer to each is to have.
    labels (Mapping[str, str]): Label -> description.
    RETURNS (list[list[ForcedDecision]]): The model's decisions along each of these answers.
    """
    requests = [
        DecodeRequest(
            template.extraction(plan.window, plan.demonstrations, labels),
            template.format.grammar(plan.window),
            _path(template, plan.window, spans),
        )
        for plan, spans in zip(plans, gold, strict=True)
    ]
    return backend.force(requests) if requests else []


def join(window: Window, parts: Sequence[tuple[Window, Proposals]]) -> Proposals:
    """window (Window): A window.
    parts (Sequence[tuple[Window, Proposals]]): Its parts, and the proposals in each.
    RETURNS (Proposals): The proposals in the window.
    """
    spans: dict[Span, float] = {}
    raw: dict[Span, float] = {}
    for part, proposals in parts:
        by = part.start - window.start
        spans |= {(start + by, end + by): p for (start, end), p in proposals.spans.items()}
        raw |= {(start + by, end + by): p for (start, end), p in proposals.raw.items()}
    return Proposals(
        spans,
        sum(proposals.unaligned for _, proposals in parts),
        sum(proposals.unparsed for _, proposals in parts),
        raw,
    )


def _path(template: PromptTemplate, part: Window, draft: SpanGuess) -> tuple[str, ...]:
    """The answer that would propose what the draft has, as options of the grammar."""
    if draft.spans is None:
        return ()
    mentions = mentions_in(draft.window, part, (Mention(*span) for span in draft.spans))
    return tuple(template.format.path(part, mentions))


def _parse(template: PromptTemplate, window: Window, answer: Answer) -> Proposals:
    if answer.error:
        return Proposals(unparsed=1)
    parsed = template.format.parse(answer.text, window)
    spans: dict[Span, float] = {}
    raw: dict[Span, float] = {}
    for mention in parsed.mentions:
        # A backend that cannot be constrained may name half a token.
        span = snap(window, mention.start, mention.end)
        spans.setdefault(span, answer.probability(mention.evidence))
        if answer.raw:
            raw.setdefault(span, answer.probability(mention.evidence, raw=True))
    return Proposals(spans, parsed.unaligned, parsed.unparsed, raw)
