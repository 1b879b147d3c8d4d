"""A backend that asks nothing twice, and keeps an honest account of what each answer cost.

The rows of an evaluation share most of their prompts. An answer is computed once; each row that uses it
is charged the time and the forward passes that it took when it was computed, in its batch.
"""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from spacy_el4ner.backends.base import Backend
from spacy_el4ner.backends.wrapper import Wrapper
from spacy_el4ner.types import Answer, DecodeRequest, ScoreRequest

T = TypeVar("T")


@dataclass
class Account:
    """What the answers used since `reset` cost, and what was really spent meanwhile.

    seconds (float), passes (float): Charged for the answers used.
    spent (float): Seconds in which a model really ran.
    """

    seconds: float = 0.0
    passes: float = 0.0
    spent: float = 0.0

    def reset(self) -> None:
        self.seconds = self.passes = self.spent = 0.0


class MemoBackend(Wrapper[Backend]):
    """backend (Backend): Does the work.
    account (Account): Where costs are charged; several backends can share one.
    """

    def __init__(self, backend: Backend, account: Account):
        super().__init__(backend)
        self.account = account
        self._known: dict[Hashable, tuple[Any, float, float]] = {}

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        return self._remember(requests, self.backend.decode)

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        return self._remember(requests, self.backend.score)

    def _remember(
        self, requests: Sequence[Any], compute: Callable[[Sequence[Any]], list[T]]
    ) -> list[T]:
        new = [r for r in dict.fromkeys(requests) if r not in self._known]
        if new:
            passes, start = self.backend.forward_passes, time.perf_counter()
            answers = compute(new)
            seconds = time.perf_counter() - start
            self.account.spent += seconds
            share = 1 / len(new)
            used = self.backend.forward_passes - passes
            for request, answer in zip(new, answers, strict=True):
                self._known[request] = (answer, seconds * share, used * share)
        found = [self._known[r] for r in requests]
        self.account.seconds += sum(seconds for _, seconds, _ in found)
        self.account.passes += sum(passes for _, _, passes in found)
        return [answer for answer, _, _ in found]
