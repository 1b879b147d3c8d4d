"""A backend that asks nothing twice, and keeps an honest account of what each answer cost.

The rows of an evaluation share most of their prompts. An answer is computed once; each row that uses it
is charged the time, the tokens and the forward passes that it took when it was computed, in its batch.
"""

import time
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from spacy_el4ner.backends.base import Backend, takes_offsets
from spacy_el4ner.backends.decoding.automaton import ForcedDecision
from spacy_el4ner.backends.metered import tokens
from spacy_el4ner.backends.wrapper import Wrapper
from spacy_el4ner.types import Answer, DecodeRequest, Prompt, ScoreRequest
from spacy_el4ner.voters.base import Voter
from spacy_el4ner.voters.prompted.voter import PromptedVoter

T = TypeVar("T")


def remembering(voter: Voter, account: "Account") -> Voter:
    """voter (Voter): A member of the ensemble.
    account (Account): Where its costs are charged.
    RETURNS (Voter): The same voter; one that asks a language model asks nothing twice.
    """
    if not isinstance(voter, PromptedVoter):
        return voter
    return voter.with_backend(MemoBackend(voter.backend, account))


@dataclass
class Account:
    """The cost of the answers used since `reset`, and the time actually spent.

    seconds (float), passes (float), tokens (int): Charge for the answers that were used; the tokens are
        those of prompts and answers.
    spent (float): Seconds in which a model actually ran, or tokens were counted.
    """

    seconds: float = 0.0
    passes: float = 0.0
    tokens: int = 0
    spent: float = 0.0

    def reset(self) -> None:
        """Set all costs to 0."""
        self.seconds = self.passes = self.spent = 0.0
        self.tokens = 0


class MemoBackend(Wrapper[Backend]):
    """backend (Backend): Does the work.
    account (Account): Where costs are charged; several backends can share one.
    """

    def __init__(self, backend: Backend, account: Account):
        super().__init__(backend)
        self.account = account
        self._answers: dict[Hashable, tuple[Any, float, float, int]] = {}

    def decode(self, requests: Sequence[DecodeRequest]) -> list[Answer]:
        """requests (Sequence[DecodeRequest]): The requests.
        RETURNS (list[Answer]): The answers, remembered ones for requests that were answered before.
        """
        return self._remember(requests, self.backend.decode, lambda r, a: (r.prompt, [a.text]))

    def score(self, requests: Sequence[ScoreRequest]) -> list[list[float]]:
        """requests (Sequence[ScoreRequest]): The requests.
        RETURNS (list[list[float]]): Log-probabilities of the options of each, in nats, remembered where
            the request was answered before.
        """
        return self._remember(requests, self.backend.score, lambda r, _: (r.prompt, r.options))

    def force(self, requests: Sequence[DecodeRequest]) -> list[list[ForcedDecision]]:
        """requests (Sequence[DecodeRequest]): Prompts, each with the whole answer as its `guess`.
        RETURNS (list[list[ForcedDecision]]): The decisions along each answer, remembered ones for
            answers that were read before.
        """
        by_key = {("forced", request, request.guess): request for request in requests}

        def compute(keys: Sequence[Any]) -> list[list[ForcedDecision]]:
            assert takes_offsets(self.backend)
            return self.backend.force([by_key[key] for key in keys])

        keys = [("forced", r, r.guess) for r in requests]
        return self._remember(keys, compute, lambda key, _: (key[1].prompt, ["".join(key[2])]))

    def _remember(
        self,
        requests: Sequence[Any],
        compute: Callable[[Sequence[Any]], list[T]],
        texts: Callable[[Any, T], tuple[Prompt, Sequence[str]]],
    ) -> list[T]:
        """The answers; `texts` gives the prompt and the answers whose tokens are charged."""
        new = [r for r in dict.fromkeys(requests) if r not in self._answers]
        if new:
            passes, start = self.backend.forward_passes, time.perf_counter()
            answers = compute(new)
            seconds = time.perf_counter() - start
            share = 1 / len(new)
            used = self.backend.forward_passes - passes
            for request, answer in zip(new, answers, strict=True):
                cost = sum(tokens(self.backend, *texts(request, answer)))
                self._answers[request] = (answer, seconds * share, used * share, cost)
            self.account.spent += time.perf_counter() - start
        remembered = [self._answers[r] for r in requests]
        self.account.seconds += sum(seconds for _, seconds, _, _ in remembered)
        self.account.passes += sum(passes for _, _, passes, _ in remembered)
        self.account.tokens += sum(cost for _, _, _, cost in remembered)
        return [answer for answer, _, _, _ in remembered]
