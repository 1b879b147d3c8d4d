"""The voters as the stages ask them, leaving out those that do not answer."""

import time
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from spacy_el4ner.backends.base import BackendUnavailable
from spacy_el4ner.ensemble.at_once import asked_at_once
from spacy_el4ner.errors import Errors
from spacy_el4ner.voters.base import Voter

T = TypeVar("T")
RETRY_AFTER = 60.0
"""Seconds before a voter that did not answer is tried again, where nothing else is set."""


@dataclass
class Absences:
    """Voters that did not answer, remembered from batch to batch.

    retry_after (float | None): Seconds after which a voter is tried again; None for never.
    clock (Callable[[], float]): Gives the time in seconds.
    lasting (bool): Whether absences outlast a stream of documents.
    """

    retry_after: float | None = RETRY_AFTER
    clock: Callable[[], float] = time.monotonic
    lasting: bool = False
    _absent: dict[str, tuple[str, float]] = field(default_factory=dict)

    def add(self, name: str, reason: str) -> None:
        """name (str): A voter that did not answer.
        reason (str): The error.
        """
        self._absent[name] = reason, self.clock()

    def current(self) -> dict[str, str]:
        """RETURNS (dict[str, str]): The voters that are not to be tried yet, with the reason."""
        now, pause = self.clock(), self.retry_after
        return {
            name: reason
            for name, (reason, since) in list(self._absent.items())  # another thread may add one
            if pause is None or now - since < pause
        }

    def clear(self) -> None:
        """Forget all absences, so that every voter is tried again, unless they are lasting."""
        if not self.lasting:
            self._absent.clear()


class Panel:
    """The voters during one batch. One that fails to answer is left out until the batch is done.

    voters (Mapping[str, Voter]): Name -> voter.
    min_voters (int | None): How many voters have to answer; None for all.
    keep_loaded (bool): Whether voters stay loaded, or each is unloaded after its turn.
    absences (Absences): What is known from earlier batches.
    """

    def __init__(
        self,
        voters: Mapping[str, Voter],
        min_voters: int | None = None,
        keep_loaded: bool = True,
        absences: Absences | None = None,
    ):
        self.voters = voters
        self.needed = max(1, len(voters) if min_voters is None else min_voters)
        self.keep_loaded = keep_loaded
        self.absences = absences or Absences()
        self.absent = {n: reason for n, reason in self.absences.current().items() if n in voters}

    @property
    def present(self) -> dict[str, Voter]:
        """RETURNS (dict[str, Voter]): The voters that have not failed to answer."""
        return {name: voter for name, voter in self.voters.items() if name not in self.absent}

    def each(
        self, request: Callable[[str, Voter], T], names: Collection[str] | None = None
    ) -> dict[str, T]:
        """request (Callable[[str, Voter], T]): Asks one voter, by name. Voters on servers are asked in
            threads, at the same time; those in this process take turns.
        names (Collection[str] | None): The voters to ask; None for all.
        RETURNS (dict[str, T]): The answer of each voter that gave one, in the order of the voters.
        RAISES (BackendUnavailable): Too few voters answer; EL310, they did not answer earlier batches.
        """
        present = self.present
        if len(present) < self.needed:
            raise BackendUnavailable(self._too_few())
        if names is not None:
            present = {name: voter for name, voter in present.items() if name in names}
        answers: dict[str, T | None] = {}
        with asked_at_once(present, lambda name: self._call(name, request)) as answer_of:
            # Servers work while voters in this process take their turns.
            for name in sorted(present, key=lambda name: present[name].remote):
                answers[name] = self._unless_absent(name, answer_of)
        given = {name: answers[name] for name in present}
        return {name: answer for name, answer in given.items() if answer is not None}

    def ask(self, name: str, request: Callable[[str, Voter], T]) -> T | None:
        """name (str): A voter.
        request (Callable[[str, Voter], T]): Asks it.
        RETURNS (T | None): Its answer; None if it gives none and the others suffice.
        RAISES (BackendUnavailable): Too few voters are left.
        """
        return self._unless_absent(name, lambda name: self._call(name, request))

    def _call(self, name: str, request: Callable[[str, Voter], T]) -> T:
        """The answer of a voter, which is unloaded after it if voters do not stay loaded."""
        voter = self.voters[name]
        try:
            return request(name, voter)
        finally:
            if not self.keep_loaded:
                voter.unload()

    def _unless_absent(self, name: str, answer_of: Callable[[str], T]) -> T | None:
        """The answer of a voter; None if it gives none, which is remembered, and the others suffice."""
        try:
            return answer_of(name)
        except BackendUnavailable as error:
            self.absent[name] = str(error)
            self.absences.add(name, str(error))
            if len(self.present) < self.needed:
                raise
            return None

    def _too_few(self) -> str:
        """The message of EL310."""
        pause = self.absences.retry_after
        when = "in the next call" if pause is None else f"after {pause:g} s ('retry_after')"
        reasons = "; ".join(f"'{name}': {reason}" for name, reason in self.absent.items())
        return Errors.EL310.format(n=len(self.present), needed=self.needed, reasons=reasons, when=when)

    def forget(self) -> None:
        """Let all voters free what they keep about a batch."""
        for voter in self.voters.values():
            voter.forget()
