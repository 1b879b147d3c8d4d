"""Span extraction, and the zero-shot part of retrieval: the union of what the voters propose."""

import math
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from spacy_el4ner.ensemble.panel import Panel
from spacy_el4ner.ensemble.tasks import Task
from spacy_el4ner.text.windows import snap
from spacy_el4ner.types import Candidate, Window
from spacy_el4ner.voters.base import Coverage, Labels, Proposals, Span, Voter

Proposed = Mapping[str, Sequence[Proposals]]
"""Voter -> its proposals in each window."""


def propose(
    panel: Panel, tasks: Sequence[Task], labels: Labels, names: Collection[str] | None = None
) -> dict[str, list[Proposals]]:
    """panel (Panel): The voters.
    tasks (Sequence[Task]): The windows with their demonstrations.
    labels (Mapping[str, str]): Label -> description.
    names (Collection[str] | None): The voters to ask; None for all.
    RETURNS (dict[str, list[Proposals]]): Voter -> its proposals in each window, at token boundaries.
        What a voter in this process proposed is a hint to the next one.
    """
    windows = [task.window for task in tasks]
    demonstrations = [task.demonstrations for task in tasks]
    hints: list[list[Span]] = []

    def ask(name: str, voter: Voter) -> list[Proposals]:
        known = () if voter.remote else hints  # in a thread, and no faster with hints
        answers = voter.propose(windows, demonstrations, labels, known)
        proposals = [_at_tokens(*pair) for pair in zip(windows, answers, strict=True)]
        if not voter.remote:
            hints[:] = [list(found.spans) for found in proposals]
        return proposals

    return panel.each(ask, names)


def _at_tokens(window: Window, found: Proposals) -> Proposals:
    """The proposals widened to token boundaries, as a voter of a plug-in may not do itself. Those that
    are not in the window, or of white space alone, count as unaligned.
    """
    starts, ends = {start for start, _ in window.tokens}, {end for _, end in window.tokens}
    if all(start < end and start in starts and end in ends for start, end in found.spans):
        return found
    inside = {
        (start, end): snap(window, start, end)
        for start, end in found.spans
        if 0 <= start < end <= len(window.text) and window.text[start:end].strip()
    }
    return replace(
        found,
        spans={inside[span]: p for span, p in found.spans.items() if span in inside},
        raw={inside[span]: p for span, p in found.raw.items() if span in inside},
        unaligned=found.unaligned + len(found.spans) - len(inside),
    )


def spans_of(proposed: Proposed, index: int) -> list[Span]:
    """proposed (Mapping[str, Sequence[Proposals]]): The proposals of all voters.
    index (int): Index of a window.
    RETURNS (list[Span]): The union of the spans proposed in it, in the order of the text.
    """
    return sorted({span for found in proposed.values() for span in found[index].spans})


def union(proposed: Proposed, tasks: Sequence[Task]) -> list[Candidate]:
    """proposed (Mapping[str, Sequence[Proposals]]): The proposals of all voters.
    tasks (Sequence[Task]): The windows.
    RETURNS (list[Candidate]): The union of the proposals, in the order of the text.
    """
    candidates = []
    for index, task in enumerate(tasks):
        offset = task.window.start
        for start, end in spans_of(proposed, index):
            proposals = {
                name: found[index].spans[start, end]
                for name, found in proposed.items()
                if (start, end) in found[index].spans
            }
            raw = {
                name: proposed[name][index].raw[start, end]
                for name in proposals
                if (start, end) in proposed[name][index].raw
            }
            candidates.append(
                Candidate(
                    offset + start,
                    offset + end,
                    proposals=proposals,
                    demonstrations=tuple(d.id for d in task.demonstrations),
                    document=task.window.document,
                    raw=raw,
                )
            )
    return candidates


def readable(
    candidates: Iterable[Candidate],
    tasks: Sequence[Task],
    coverage: Mapping[str, Sequence[Coverage]],
) -> list[Candidate]:
    """candidates (Iterable[Candidate]): The union of the proposals.
    tasks (Sequence[Task]): The windows.
    coverage (Mapping[str, Sequence[Coverage]]): Voter -> how much it takes in of each window.
    RETURNS (list[Candidate]): The candidates that every voter can read.
    """
    unread = {
        (task.window.document, task.window.start + start, task.window.start + end)
        for covered in coverage.values()
        for task, cover in zip(tasks, covered, strict=True)
        for start, end in cover.unread
    }
    return [
        c
        for c in candidates
        if not any(c.document == n and c.start < end and start < c.end for n, start, end in unread)
    ]


def agreement(proposals: Mapping[str, float], voters: int) -> float:
    """proposals (Mapping[str, float]): Voter -> probability with which it proposed a span.
    voters (int): How many voters there are.
    RETURNS (float): Their mean, 1 standing in where a voter gives no probability, and 0 where it did
        not propose the span.
    """
    return math.fsum(1.0 if math.isnan(p) else p for p in proposals.values()) / voters
