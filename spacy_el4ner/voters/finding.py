"""Voters that find typed spans by themselves, and are not asked about labels or about given spans."""

import math
from abc import abstractmethod
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.text.windows import snap
from spacy_el4ner.types import Window
from spacy_el4ner.voters.base import (
    ABSTAIN,
    Ballot,
    Demonstrations,
    Labels,
    Proposals,
    Span,
    Spans,
    Voter,
)

LabelMap = Mapping[str, str | None]
"""The voter's own label -> the label of the ensemble; None for a label that is left out."""


@dataclass(frozen=True)
class TypedSpan:
    """A span with the voter's own label.

    start (int): First character, an offset in the window.
    end (int): One past the last character.
    label (str): The voter's own label.
    probability (float): Probability of the label, 0 to 1; NaN where the voter gives none.
    """

    start: int
    end: int
    label: str
    probability: float = math.nan


class FindingVoter(Voter):
    """A voter that finds typed spans: it proposes them, and votes for their labels.

    A subclass implements `identity` and `find`. Labels that the ensemble has under another name are
    mapped; a span whose label the ensemble lacks is left out.

    label_map (Mapping[str, str | None] | None): The voter's own label -> the label of the ensemble;
        None to leave the label out. A label that is not named stands for itself.
    exhaustive (bool): Whether a span that the voter did not find counts as "no entity". Otherwise the
        voter abstains, as it should if it does not know all labels of the ensemble, or not all names.
    """

    def __init__(self, label_map: LabelMap | None = None, exhaustive: bool = False):
        self.label_map = dict(label_map or {})
        self.exhaustive = exhaustive
        self._memory: dict[Window, list[TypedSpan]] = {}
        self._asked: dict[str, str] = {}

    @abstractmethod
    def find(self, windows: Sequence[Window], labels: Labels) -> list[list[TypedSpan]]:
        """windows (Sequence[Window]): The windows.
        labels (Mapping[str, str]): Label -> description, for a voter that has to be told what to find.
        RETURNS (list[list[TypedSpan]]): The spans in each. They may overlap.
        """
        ...

    def own_labels(self) -> Iterable[str]:
        """RETURNS (Iterable[str]): The labels that the voter finds; empty if that is not known."""
        return ()

    def check(self, labels: Labels) -> None:
        """Refuse labels that the voter cannot vote for; see `Voter.check`.

        labels (Mapping[str, str]): Label -> description.
        RAISES (EL4NERValueError): EL340, `label_map` leads to a label that the ensemble lacks; EL341,
            it starts from one that the voter lacks; EL342, the voter has no label of the ensemble.
        """
        mapped = {label for label in self.label_map.values() if label is not None}
        if unknown := sorted(mapped - set(labels)):
            raise EL4NERValueError(
                Errors.EL340.format(voter=self.identity, label=unknown[0], known=", ".join(labels))
            )
        own = list(self.own_labels())
        if not own:
            return
        if strange := sorted(set(self.label_map) - set(own)):
            raise EL4NERValueError(
                Errors.EL341.format(voter=self.identity, label=strange[0], known=", ".join(own))
            )
        if not any(self._mapped(label, labels) for label in own):
            raise EL4NERValueError(
                Errors.EL342.format(voter=self.identity, known=", ".join(own), labels=", ".join(labels))
            )

    def propose(
        self,
        windows: Sequence[Window],
        demonstrations: Demonstrations,
        labels: Labels,
        hints: Spans = (),
    ) -> list[Proposals]:
        """Propose the spans that were found; see `Voter.propose` for the parameters.

        windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Not used.
        labels (Mapping[str, str]): Label -> description.
        hints (Sequence[Sequence[Span]]): Not used.
        RETURNS (list[Proposals]): One per window, in order.
        """
        proposals = []
        for typed, strays in self._typed(windows, labels):
            spans = {span: sum(by_label.values()) for span, by_label in typed.items()}
            proposals.append(Proposals(spans, strays))
        return proposals

    def classify(
        self,
        windows: Sequence[Window],
        spans: Spans,
        demonstrations: Demonstrations,
        labels: Labels,
    ) -> list[list[Ballot]]:
        """Vote for the labels of the spans that were found; see `Voter.classify` for the parameters.

        windows (Sequence[Window]): The windows.
        spans (Sequence[Sequence[Span]]): The spans of each window.
        demonstrations (Sequence[Sequence[Demonstration]]): Not used.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[Ballot]]): One per span of each window, in order.
        """
        none = Ballot({"": 1.0}, estimated=True) if self.exhaustive else ABSTAIN
        return [
            [ballot(typed[span]) if span in typed else none for span in wanted]
            for wanted, (typed, _) in zip(spans, self._typed(windows, labels), strict=True)
        ]

    def forget(self) -> None:
        """Free what was found in the windows of a batch."""
        self._memory = {}

    def _typed(
        self, windows: Sequence[Window], labels: Labels
    ) -> list[tuple[dict[Span, dict[str, float]], int]]:
        """For each window, span -> label of the ensemble -> probability, and how many spans are not in
        the window.
        """
        # Another thread may forget meanwhile.
        memory = self._memory if self._asked == labels else {}
        new = [w for w in dict.fromkeys(windows) if w not in memory]
        if new:
            memory = {**memory, **dict(zip(new, self.find(new, labels), strict=True))}
        self._memory, self._asked = memory, dict(labels)
        return [self._aligned(window, memory[window], labels) for window in windows]

    def _aligned(
        self, window: Window, spans: Iterable[TypedSpan], labels: Labels
    ) -> tuple[dict[Span, dict[str, float]], int]:
        typed: dict[Span, dict[str, float]] = {}
        strays = 0
        for one in spans:
            label = self._mapped(one.label, labels)
            if not 0 <= one.start < one.end <= len(window.text):
                strays += 1
            elif label is not None:
                by_label = typed.setdefault(snap(window, one.start, one.end), {})
                by_label[label] = _or(by_label.get(label, 0.0), one.probability)
        return {span: _shared(by_label) for span, by_label in typed.items()}, strays

    def _mapped(self, label: str, labels: Labels) -> str | None:
        """The label of the ensemble for one of the voter; None if there is none."""
        mapped = self.label_map.get(label, label)
        return mapped if mapped in labels else None


def _or(first: float, second: float) -> float:
    """The higher of two probabilities for one label; NaN if either is unknown."""
    return math.nan if math.isnan(first + second) else max(first, second)


def _shared(by_label: Mapping[str, float]) -> dict[str, float]:
    """The labels of one span, the sum of whose probabilities is at most 1. Where one is unknown, all
    are: each label gets the same share in `ballot`.
    """
    total = sum(by_label.values())
    if math.isnan(total):
        return dict.fromkeys(by_label, math.nan)
    return {label: p / max(1.0, total) for label, p in by_label.items()}


def ballot(by_label: Mapping[str, float]) -> Ballot:
    """by_label (Mapping[str, float]): Label -> probability, 0 to 1 or NaN; the sum may exceed 1.
    RETURNS (Ballot): The vote on a span for which a voter found these labels.
    """
    by_label = _shared(by_label)
    total = sum(by_label.values())
    if math.isnan(total):
        return Ballot(dict.fromkeys(by_label, 1 / len(by_label)), estimated=True)
    return Ballot({**by_label, "": 1 - total})
