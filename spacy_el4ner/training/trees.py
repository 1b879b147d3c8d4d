"""Training trees: the three tasks of a sentence as branches of one prefix.

    [demonstrations, sentence] ─┬─ extraction question  → tagged copy
                                ├─ classification of span 1 → label       (one branch per span)
                                └─ verification of span 1   → true/false  (one branch per span)

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
class TokenChoice:
    """A choice between tokens.

    position (int): Index of the token before the choice, in its branch or example.
    allowed (tuple[int, ...]): The tokens to choose from; empty for the whole vocabulary.
    target (int): Index of the right token in `allowed`; the token itself where `allowed` is empty.
    """

    position: int
    allowed: tuple[int, ...]
    target: int


@dataclass(frozen=True)
class Branch:
    """One task of a sentence.

    tokens (tuple[int, ...]): Question and answer, without the last token of the answer.
    decisions (tuple[TokenChoice, ...]): The choices in the answer, without the forced tokens.
    """

    tokens: tuple[int, ...]
    decisions: tuple[TokenChoice, ...]


@dataclass(frozen=True)
class Tree:
    """A prefix with its branches: one row of a batch.

    prefix (tuple[int, ...]): Tokens of the demonstrations and the sentence.
    branches (tuple[Branch, ...]): The tasks.
    """

    prefix: tuple[int, ...]
    branches: tuple[Branch, ...]

    def __len__(self) -> int:
        return len(self.prefix) + sum(len(b.tokens) for b in self.branches)


def branch(tokenizer: PieceTokenizer, prompt: Prompt, grammar: Grammar, path: Sequence[str]) -> Branch:
    """tokenizer (PieceTokenizer): The tokenizer of the backbone.
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
            decisions.append(TokenChoice(place, allowed, allowed.index(token)))
        automaton = automaton.step(token)
    last = decisions[-1].position + 1 if decisions else 0
    return Branch((*question, *answer)[:last], tuple(decisions))


@dataclass(frozen=True)
class TreeBatch:
    """Trees as padded rows.

    tokens (Tensor): Token ids, (rows, length).
    positions (Tensor): Position ids, (rows, length).
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


def collate(trees: Sequence[Tree], pad: int) -> TreeBatch:
    """trees (Sequence[Tree]): Trees.
    pad (int): The padding token.
    RETURNS (TreeBatch): The trees as rows of one batch.
    """
    length = max(map(len, trees))
    tokens = torch.full((len(trees), length), pad)
    views = [view((len(t.prefix), *(len(b.tokens) for b in t.branches)), length) for t in trees]
    mask, positions = (torch.stack(parts) for parts in zip(*views, strict=True))
    where: list[tuple[int, int]] = []
    decisions: list[TokenChoice] = []
    for row, tree in enumerate(trees):
        at = len(tree.prefix)
        tokens[row, :at] = torch.tensor(tree.prefix)
        for b in tree.branches:
            end = at + len(b.tokens)
            tokens[row, at:end] = torch.tensor(b.tokens)
            where += [(row, at + d.position) for d in b.decisions]
            decisions += b.decisions
            at = end
    most = max(len(d.allowed) for d in decisions)
    allowed = torch.tensor([[*d.allowed, *[-1] * (most - len(d.allowed))] for d in decisions])
    targets = torch.tensor([d.target for d in decisions])
    return TreeBatch(tokens, positions, mask, torch.tensor(where), allowed, targets)


def view(sizes: Sequence[int], length: int) -> tuple[torch.Tensor, torch.Tensor]:
    """sizes (Sequence[int]): Tokens of a prefix and of each of its branches, in order.
    length (int): Tokens of the row, padding included.
    RETURNS (tuple[Tensor, Tensor]): The attention mask, (length, length), 1 where a token sees another:
        a branch sees the prefix and itself, padding only itself; and the position ids, (length,), which
        go on behind the prefix in each branch.
    """
    prefix, *branches = sizes
    mask, positions = torch.eye(length), torch.zeros(length, dtype=torch.long)
    mask[:prefix, :prefix] = torch.ones(prefix, prefix).tril()
    positions[:prefix] = torch.arange(prefix)
    at = prefix
    for size in branches:
        end = at + size
        mask[at:end, :prefix] = 1
        mask[at:end, at:end] = torch.ones(size, size).tril()
        positions[at:end] = torch.arange(prefix, prefix + size)
        at = end
    return mask, positions
