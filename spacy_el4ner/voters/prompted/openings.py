"""Extraction in which the beginning and the end of each mention are decided by themselves.

A model that has marked a wrong place in its answer goes on to mark others like it. Here it reads the
unmarked copy of the text, which says at each token whether a mention would open there; and for each
place where one does, the copy with this mark alone, which says where it ends. Decisions are those of
the format's grammar: to depart from its first option, which copies the text.
"""

import math
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from spacy_el4ner.backends.base import TakesOffsets
from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.formats.base import Format
from spacy_el4ner.prompts.fitting import PromptPlan
from spacy_el4ner.prompts.template import PromptTemplate
from spacy_el4ner.text.windows import snap
from spacy_el4ner.types import DecodeRequest, Grammar, Window
from spacy_el4ner.voters.base import Labels, Proposals, Span
from spacy_el4ner.voters.prompted.calibration import VoterCalibration, shifted

OPEN, CLOSE = "open", "close"
"""The decisions of a grammar that marks mentions in a copy of the text."""


def marks_a_copy(format: Format, window: Window) -> bool:
    """format (Format): The language of the answers.
    window (Window): A text.
    RETURNS (bool): Whether an answer is a copy of the text in which one kind of mark stands around the
        mentions, so that the unmarked copy asks about every token.
    """
    return len(format.marks(window)) == 1


def follow(grammar: Grammar, departures: Collection[int] = ()) -> tuple[str, ...]:
    """grammar (Grammar): The language of an answer.
    departures (Collection[int]): Numbers of the options, from 0, where the answer takes the second of
        the grammar's options instead of the first.
    RETURNS (tuple[str, ...]): The answer, as options of the grammar.
    """
    path: list[str] = []
    state = grammar.start()
    while options := grammar.options(state):
        option, state = options[min(len(path) in departures, len(options) - 1)]
        path.append(option)
    return tuple(path)


def unmarked(template: PromptTemplate, plan: PromptPlan, labels: Labels) -> DecodeRequest:
    """template (PromptTemplate): Puts the question into words, in a format that marks a copy.
    plan (PromptPlan): A prompt that has room.
    labels (Mapping[str, str]): Label -> description.
    RETURNS (DecodeRequest): Asks for the decisions along the unmarked copy.
    """
    prompt = template.extraction(plan.window, plan.demonstrations, labels)
    grammar = template.format.grammar(plan.window)
    return DecodeRequest(prompt, grammar, follow(grammar))


def openings(
    window: Window, decisions: Sequence[ForcedDecision], gold: Collection[Span]
) -> list[ForcedDecision]:
    """window (Window): A text.
    decisions (Sequence[ForcedDecision]): The decisions along its unmarked copy.
    gold (Collection[Span]): Its mentions.
    RETURNS (list[ForcedDecision]): The decisions whether to open a mention, each with whether one
        begins there. Places within a mention are left out: a span from there overlaps with it.
    """
    starts = {start for start, _ in gold}
    judged = []
    for d in decisions:
        place = window.tokens[d.option][0]
        if d.decision == OPEN and not any(start < place < end for start, end in gold):
            judged.append(replace(d, departs=place in starts))
    return judged


@dataclass(frozen=True)
class _Opening:
    """A place where a mention opens.

    plan (int): Index of the plan.
    option (int): Number of the option of the unmarked copy in whose place it opens.
    log_odds (float): The model's log-odds of opening there, in nats.
    """

    plan: int
    option: int
    log_odds: float


def extract_one_by_one(
    backend: TakesOffsets,
    template: PromptTemplate,
    plans: Sequence[PromptPlan],
    labels: Labels,
    calibration: VoterCalibration,
) -> list[Proposals]:
    """backend (TakesOffsets): Runs the model.
    template (PromptTemplate): Puts the question into words, in a format that marks a copy.
    plans (Sequence[PromptPlan]): Prompts that have room, of any windows.
    labels (Mapping[str, str]): Label -> description.
    calibration (VoterCalibration): Has the offsets of the two decisions.
    RETURNS (list[Proposals]): One per plan, in order, with offsets in the part that the plan is for. Of
        spans that overlap, the most probable one is proposed.
    """
    requests = [unmarked(template, plan, labels) for plan in plans]
    biases = [dict(calibration.bias(bool(plan.demonstrations))) for plan in plans]
    opened = [
        _Opening(n, d.option, d.log_odds)
        for n, decisions in enumerate(backend.force(requests) if requests else ())
        for d in decisions
        if d.decision == OPEN and d.log_odds + biases[n].get(OPEN, 0.0) > 0
    ]
    marked = [
        DecodeRequest(
            requests[o.plan].prompt,
            requests[o.plan].grammar,
            follow(requests[o.plan].grammar, {o.option}),
        )
        for o in opened
    ]
    spans: list[dict[Span, float]] = [{} for _ in plans]
    raw: list[dict[Span, float]] = [{} for _ in plans]
    for o, decisions in zip(opened, backend.force(marked) if marked else (), strict=True):
        window, bias = plans[o.plan].window, biases[o.plan]
        inside = [d for d in decisions if d.decision == CLOSE and d.option > o.option]
        closing = next((n for n, d in enumerate(inside) if d.log_odds + bias.get(CLOSE, 0.0) > 0), None)
        departures = {o.option} if closing is None else {o.option, inside[closing].option}
        text = "".join(follow(requests[o.plan].grammar, departures))
        (mention,) = template.format.parse(text, window).mentions
        span = snap(window, mention.start, mention.end)
        spans[o.plan][span] = _probability(o, inside, closing, bias)
        raw[o.plan][span] = _probability(o, inside, closing, {})
    return [
        Proposals(kept := _without_overlap(found), raw={s: plain[s] for s in kept} if bias else {})
        for found, plain, bias in zip(spans, raw, biases, strict=True)
    ]


def _without_overlap(spans: Mapping[Span, float]) -> dict[Span, float]:
    """The most probable of spans that overlap, in the order of the text."""
    kept: dict[Span, float] = {}
    for (start, end), probability in sorted(spans.items(), key=lambda item: -item[1]):
        if not any(start < e and s < end for s, e in kept):
            kept[start, end] = probability
    return dict(sorted(kept.items()))


def _probability(
    opening: _Opening,
    inside: Sequence[ForcedDecision],
    closing: int | None,
    bias: Mapping[str, float],
) -> float:
    """Probability that a mention opens at a place and ends where it does: at decision `closing` of
    those inside of it, or where it must if that is None.
    """
    close = bias.get(CLOSE, 0.0)
    decided = inside if closing is None else inside[: closing + 1]
    goes_on = [shifted(-d.log_odds, -close) for d in decided[:closing]]
    ends = [] if closing is None else [shifted(decided[-1].log_odds, close)]
    return math.prod([shifted(opening.log_odds, bias.get(OPEN, 0.0)), *goes_on, *ends])
