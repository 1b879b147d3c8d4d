"""Draft-verified constrained decoding: several tokens of the answer per pass.

The result is that of constrained greedy decoding, token for token. Each pass reads a draft for each
row. The draft becomes the answer up to the first place where the model prefers another allowed token;
the preferred token follows, and the rest of the draft is dropped. Rows of a batch run at their own
pace.

Drafts maximise the expected yield of a pass, but a pass may still yield little. A single row with more
passes than departures from the source therefore drafts the rest of the source: such a pass ends at the
next departure or with the answer. So an answer takes at most two passes more than it has departures:
2 + 2 × entities for a single kind of tag.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field

import torch

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.decoding.cache import Cache
from spacy_el4ner.backends.decoding.decisions import TokenDecision, decide, unbiased
from spacy_el4ner.backends.decoding.draft import Draft, Drafter, fit, source
from spacy_el4ner.backends.decoding.prefixes import PrefixTree
from spacy_el4ner.backends.decoding.runner import Runner
from spacy_el4ner.backends.decoding.sharing import Prompt, begin
from spacy_el4ner.types import Answer


@dataclass
class _Row:
    """An unfinished answer.

    place (TokenAutomaton): The current place.
    pending (list[int]): Tokens that are decided but not yet read.
    drafter (Drafter): The source of its drafts.
    logprobs (list[float]): Log-probabilities of the tokens so far, in nats.
    raw (list[float]): The same without biases.
    ahead (int): Number of passes minus the number of departures from the source.
    error (str): Why the answer cannot be completed, or "".
    draft (Draft): The draft of the current pass.
    """

    place: TokenAutomaton
    pending: list[int]
    drafter: Drafter
    logprobs: list[float] = field(default_factory=list)
    raw: list[float] = field(default_factory=list)
    ahead: int = 0
    error: str = ""
    draft: Draft = field(default_factory=lambda: Draft((), (), ()))

    def take(self, judged: Sequence[list[float]]) -> int:
        """judged (Sequence[list[float]]): For each place of the draft the log-probabilities of the
            allowed tokens.
        RETURNS (int): Number of tokens of the draft that are rejected.
        """
        tokens, places = self.draft.tokens, self.draft.places
        for place, logprobs in zip(places, judged, strict=True):
            if len(place.allowed) > 1:
                self.drafter.learn(place, logprobs)
        self.ahead += 1
        for n, (place, logprobs) in enumerate(zip(places, judged, strict=True)):
            if not place.allowed:
                self.place, self.pending = place, []
                return 0
            best = max(range(len(logprobs)), key=logprobs.__getitem__)
            self.logprobs.append(logprobs[best])
            self.raw.append(unbiased(logprobs, place.biases, best))
            self.ahead -= best != 0
            token = place.allowed[best]
            if n == len(tokens) or token != tokens[n]:
                self.place, self.pending = place.step(token), [token]
                return len(tokens) - n
        raise AssertionError("a draft ends with a place that has no token")

    def goes_on(self, runner: Runner, read: int) -> bool:
        """runner (Runner): The model.
        read (int): Tokens that the model has read for this row.
        RETURNS (bool): Whether the answer is unfinished and the model has room for more of it.
        """
        if self.place.allowed and runner.limit is not None:
            needed = read + len(self.pending)
            self.error = runner.too_long(needed) if needed > runner.limit else ""
        return bool(self.place.allowed) and not self.error

    @property
    def answer(self) -> Answer:
        if self.error:
            return Answer("", error=self.error)
        return Answer(*self.place.answer, tuple(self.logprobs), tuple(self.raw))


def decode(
    runner: Runner,
    prompts: Sequence[Prompt],
    automata: Sequence[TokenAutomaton],
    guesses: Sequence[Sequence[int]],
    prefixes: PrefixTree,
) -> list[Answer]:
    """runner (Runner): The model.
    prompts (Sequence[Prompt]): Tokens of each prompt.
    automata (Sequence[TokenAutomaton]): The language of each answer.
    guesses (Sequence[Sequence[int]]): A guess of each answer, which affects only the speed.
    prefixes (PrefixTree): Prefixes read before; those read now are offered to it.
    RETURNS (list[Answer]): An answer for each prompt, with the log-probability of each token among
        those allowed at its place, 0 if it was the only one. An answer for which the model has no room
        has its `error` set.
    """
    rows = [
        _Row(automaton, [*prefix, *rest], Drafter())
        for automaton, (prefix, rest) in zip(automata, prompts, strict=True)
    ]
    for row, guess in zip(rows, guesses, strict=True):
        row.drafter.guess(row.place, guess)
    going = [n for n, row in enumerate(rows) if row.goes_on(runner, 0)]
    cache, read = begin(runner, [tuple(rows[n].pending) for n in going], prefixes)
    for n, begun in zip(going, read, strict=True):
        rows[n].pending = rows[n].pending[begun:]
    first = True
    while going:
        active = [rows[n] for n in going]
        judged, cache = _pass(runner, active, cache)
        if first:
            for at, n in enumerate(going):
                prefixes.put(prompts[n][0], cache, at)
            first = False
        cache = cache.forget([row.take(f) for row, f in zip(active, judged, strict=True)])
        lengths = cache.lengths.tolist()
        left = [at for at, row in enumerate(active) if row.goes_on(runner, lengths[at])]
        cache = cache.select(left) if left else cache
        going = [going[at] for at in left]
    return [row.answer for row in rows]


def _pass(
    runner: Runner, rows: Sequence[_Row], cache: Cache | None
) -> tuple[list[list[list[float]]], Cache]:
    """For each row the log-probabilities of the allowed tokens at each place of its draft."""
    overdue = len(rows) == 1 and rows[0].ahead > 0
    drafts = [source(row.place) if overdue else row.drafter.draft(row.place) for row in rows]
    pending = [len(row.pending) for row in rows]
    if runner.limit is not None:
        read = [0] * len(rows) if cache is None else cache.lengths.tolist()
        room = [runner.limit - n - more for n, more in zip(read, pending, strict=True)]
        drafts = [draft.cut(most) for draft, most in zip(drafts, room, strict=True)]
    if not overdue:
        drafts = fit(drafts, pending, runner.pass_cost(cache))
    for row, draft in zip(rows, drafts, strict=True):
        row.draft = draft
    feed = [[*row.pending, *row.draft.tokens] for row in rows]
    last = 1 + max(len(row.draft.tokens) for row in rows)
    decisions = [
        TokenDecision(n, last - len(row.draft.places) + at, place.allowed, place.biases)
        for n, row in enumerate(rows)
        for at, place in enumerate(row.draft.places)
    ]
    union = sorted({token for d in decisions if len(d.allowed) > 1 for token in d.allowed})
    logits, cache = runner.next(feed, torch.tensor(union or [0]), cache, last)
    found = decide(logits, union, decisions, runner.name)
    by_row: list[list[list[float]]] = [[] for _ in rows]
    for decision, logprobs in zip(decisions, found, strict=True):
        by_row[decision.row].append(logprobs)
    return by_row, cache
