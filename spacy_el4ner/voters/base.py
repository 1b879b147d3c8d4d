"""The protocol of a voter, and the data that it answers with."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol, runtime_checkable

from spacy_el4ner.blocks import resolves
from spacy_el4ner.types import Demonstration, Mention, Window

Labels = Mapping[str, str]
"""Label -> description."""
Demonstrations = Sequence[Sequence[Demonstration]]
"""The demonstrations of each window, the most similar one first."""
Span = tuple[int, int]
"""Start and end of a span, character offsets in its window."""
Spans = Sequence[Sequence[Span]]
"""The spans of each window."""


@dataclass(frozen=True)
class Proposals:
    """The spans that a voter proposes in one window.

    spans (dict[Span, float]): Span -> probability of its boundaries, 0 to 1; NaN where the voter gives
        none.
    unaligned (int): Spans that the voter named and that are not in the window.
    unparsed (int): Parts of its answer that could not be read.
    raw (dict[Span, float]): Span -> the same probability without the voter's calibration; empty for a
        voter without one.
    """

    spans: Mapping[Span, float] = field(default_factory=dict)
    unaligned: int = 0
    unparsed: int = 0
    raw: Mapping[Span, float] = field(default_factory=dict)


@dataclass(frozen=True)
class Ballot:
    """A voter's opinion of one span.

    probabilities (dict[str, float]): Label -> probability, "" standing for "no entity"; they sum to 1.
        Empty if the voter abstains: it has no opinion, and counts neither for nor against an entity.
    estimated (bool): The voter gives no probabilities of its own: its choice has all of it.
    unread (bool): Nothing of the answer could be read. The vote counts as "no entity".
    raw (dict[str, float]): The probabilities without the voter's calibration; empty for a voter
        without one.
    """

    probabilities: Mapping[str, float] = field(default_factory=dict)
    estimated: bool = False
    unread: bool = False
    raw: Mapping[str, float] = field(default_factory=dict)


ABSTAIN = Ballot()
"""The ballot of a voter that has no opinion of a span."""


@dataclass(frozen=True)
class Verification:
    """A voter's answer to "is this span a LABEL?".

    true (bool): The answer.
    probability (float): Probability of the answer "true", 0 to 1.
    estimated (bool): The voter gives no probabilities of its own.
    unread (bool): Nothing of the answer could be read. It counts as "false".
    raw (float | None): The probability without the voter's calibration; None for a voter without one.
    """

    true: bool
    probability: float
    estimated: bool = False
    unread: bool = False
    raw: float | None = None


@dataclass(frozen=True)
class Coverage:
    """The part of a window and its demonstrations that fits into a voter's context.

    shown (tuple[Demonstration, ...]): The demonstrations that it reads.
    dropped (int): Demonstrations that it has no room for.
    parts (int): Parts that it reads the window in; 1 if it reads the window as a whole.
    unread (tuple[Span, ...]): Stretches of the window that it cannot read.
    """

    shown: tuple[Demonstration, ...] = ()
    dropped: int = 0
    parts: int = 1
    unread: tuple[Span, ...] = ()


@resolves("el4ner_voters")
@runtime_checkable
class Voter(Protocol):
    """A member of the ensemble: it proposes spans and votes on their labels.

    Every method takes a whole batch of windows. A subclass implements `identity`, `propose` and
    `classify`; the other methods have defaults that suit a voter without a memory and without limits.
    A voter that does not answer for now, such as a server that is down, raises `BackendUnavailable`.
    """

    def __init__(self) -> None:
        """A voter without settings. (`Protocol` would otherwise give it any arguments, which a config
        takes for settings.)
        """

    @property
    @abstractmethod
    def identity(self) -> str:
        """RETURNS (str): The same for voters that answer alike, and different for others, for caches
        and provenance; readable, such as a model's name and a digest of the settings.
        """
        ...

    @property
    def remote(self) -> bool:
        """RETURNS (bool): Whether the voter waits for a server, so that it is asked at the same time as
        other voters, in a thread. Such a voter ends its requests on `unload`. By default: no.
        """
        return False

    @abstractmethod
    def propose(
        self,
        windows: Sequence[Window],
        demonstrations: Demonstrations,
        labels: Labels,
        hints: Spans = (),
    ) -> list[Proposals]:
        """Find the spans that are entities, of whichever label.

        windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window, the most similar one
            first.
        labels (Mapping[str, str]): Label -> description.
        hints (Sequence[Sequence[Span]]): Spans that another voter proposed in each window, or nothing.
            They can save time; the answer must not depend on them.
        RETURNS (list[Proposals]): One per window, in order.
        """
        ...

    @abstractmethod
    def classify(
        self,
        windows: Sequence[Window],
        spans: Spans,
        demonstrations: Demonstrations,
        labels: Labels,
    ) -> list[list[Ballot]]:
        """Say of given spans which label they have, if any.

        windows (Sequence[Window]): The windows.
        spans (Sequence[Sequence[Span]]): The spans of each window, whichever voter proposed them.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window, the most similar one
            first.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[Ballot]]): One per span of each window, in order; `ABSTAIN` for a span that
            the voter has no opinion of.
        """
        ...

    def check(self, labels: Labels) -> None:
        """Refuse labels that the voter cannot work with, as soon as they are known. By default: none.

        labels (Mapping[str, str]): Label -> description.
        RAISES (ValueError): The voter is of no use with these labels.
        """
        return

    def coverage(
        self, windows: Sequence[Window], demonstrations: Demonstrations, labels: Labels
    ) -> list[Coverage]:
        """Say how much of the windows the voter takes in. By default: everything.

        windows (Sequence[Window]): The windows.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window, the most similar one
            first.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[Coverage]): One per window, in order.
        """
        return [Coverage() for _ in windows]

    def forget(self) -> None:
        """Free what was kept about the windows of a batch; none of them comes again."""
        return

    def unload(self) -> None:
        """Free the memory of models; the next call loads them again."""
        return


@runtime_checkable
class Verifier(Protocol):
    """The protocol of a voter that can verify."""

    def verify(
        self,
        windows: Sequence[Window],
        mentions: Sequence[Sequence[Mention]],
        demonstrations: Demonstrations,
        labels: Labels,
    ) -> list[list[Verification]]:
        """Say of given spans whether they are entities of a given label.

        windows (Sequence[Window]): The windows.
        mentions (Sequence[Sequence[Mention]]): The labelled spans of each window.
        demonstrations (Sequence[Sequence[Demonstration]]): Those of each window, the most similar one
            first.
        labels (Mapping[str, str]): Label -> description.
        RETURNS (list[list[Verification]]): One per mention of each window, in order.
        """
        ...
