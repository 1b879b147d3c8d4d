"""Training sequences: the three jobs of a sentence as branches of one prefix.

    [demonstrations, sentence] ─┬─ extraction question  → tagged copy
                                ├─ classification of span 1 → type        (one branch a span)
                                └─ verification of span 1   → true/false  (one branch a span)

A branch sees the prefix and itself, never another branch, exactly as at inference. The targets are
the decisions that constrained decoding will take: at each token, which of the allowed ones.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from spacy_el4ner.backends.decoding.automaton import TokenAutomaton
from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.types import Grammar, Prompt


@dataclass(frozen=True)
class Decision:
    """At token `position` of its branch, choose `allowed[target]`."""

    position: int
    allowed: tuple[int, ...]
    target: int


@dataclass(frozen=True)
class Branch:
    """tokens (tuple[int, ...]): Question and answer, without the last token of the answer.
    decisions (tuple[Decision, ...]): What the answer decides; forced tokens are no decision.
    """

    tokens: tuple[int, ...]
    decisions: tuple[Decision, ...]


@dataclass(frozen=True)
class Tree:
    """One row of a batch."""

    prefix: tuple[int, ...]
    branches: tuple[Branch, ...]

    def __len__(self) -> int:
        return len(self.prefix) + sum(len(b.tokens) for b in self.branches)


def branch(tokenizer: PieceTokenizer, prompt: Prompt, grammar: Grammar, path: Sequence[str]) -> Branch:
    """tokenizer (PieceTokenizer): The backbone's.
    prompt (Prompt): The question.
    grammar (Grammar): The language of its answer.
    path (Sequence[str]): The right answer, as options of the grammar.
    RETURNS (Branch): Question, answer and the decisions in it.
    """
    _, question = tokenizer.prompt(prompt)
    answer = [
        token for option in path for token in (tokenizer.piece(option) if option else (tokenizer.end,))
    ]
    automaton = TokenAutomaton(grammar, tokenizer.piece, tokenizer.end)
    decisions = []
    for n, token in enumerate(answer):
        allowed = automaton.allowed
        if len(allowed) > 1:
            place = len(question) + n - 1
            decisions.append(Decision(place, allowed, allowed.index(token)))
        automaton = automaton.step(token)
    last = decisions[-1].position + 1 if decisions else 0
    return Branch((*question, *answer)[:last], tuple(decisions))


@dataclass(frozen=True)
class Batch:
    """Rows of trees, padded.

    tokens, positions (Tensor): (rows, length).
    mask (Tensor): (rows, length, length), 1 where a token sees another.
    where (Tensor): (decisions, 2), row and column of the token before each decision.
    allowed (Tensor): (decisions, most allowed), token ids, -1 for padding.
    targets (Tensor): (decisions,), index into `allowed`.
    """

    tokens: torch.Tensor
    positions: torch.Tensor
    mask: torch.Tensor
    where: torch.Tensor
    allowed: torch.Tensor
    targets: torch.Tensor


def collate(trees: Sequence[Tree], pad: int) -> Batch:
    """RETURNS (Batch): The trees side by side."""
    length = max(map(len, trees))
    tokens = torch.full((len(trees), length), pad)
    positions = torch.zeros((len(trees), length), dtype=torch.long)
    mask = torch.eye(length).repeat(len(trees), 1, 1)
    where: list[tuple[int, int]] = []
    decisions: list[Decision] = []
    for row, tree in enumerate(trees):
        size = len(tree.prefix)
        tokens[row, :size] = torch.tensor(tree.prefix)
        positions[row, :size] = torch.arange(size)
        mask[row, :size, :size] = torch.ones(size, size).tril()
        at = size
        for b in tree.branches:
            end = at + len(b.tokens)
            tokens[row, at:end] = torch.tensor(b.tokens)
            positions[row, at:end] = torch.arange(size, size + len(b.tokens))
            mask[row, at:end, :size] = 1
            mask[row, at:end, at:end] = torch.ones(end - at, end - at).tril()
            where += [(row, at + d.position) for d in b.decisions]
            decisions += b.decisions
            at = end
    most = max(len(d.allowed) for d in decisions)
    allowed = torch.tensor([[*d.allowed, *[-1] * (most - len(d.allowed))] for d in decisions])
    targets = torch.tensor([d.target for d in decisions])
    return Batch(tokens, positions, mask, torch.tensor(where), allowed, targets)
