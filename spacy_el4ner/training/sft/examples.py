"""Training examples: labelled sentences as token sequences of a prompt and its gold answer.

They are tokenised by the same code as at inference, so that training and decoding agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import torch

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.fusion.tagging_llm import TaggingLLM
from spacy_el4ner.text.windows import mentions_in
from spacy_el4ner.training.trees import TokenChoice, Tree, branch, view
from spacy_el4ner.types import Demonstration, Mention, Prompt, Window


@dataclass(frozen=True)
class TrainingExample:
    """A prompt with its gold answer, or a prefix with several branches of question and gold answer.

    tokens (tuple[int, ...]): Prompt and answer, without the last token of the answer.
    decisions (tuple[TokenChoice, ...]): The choices in the answers.
    text (tuple[int, ...]): Indices of the prompt's tokens, without special tokens.
    branches (tuple[int, ...]): Index of the first token of each branch, which sees the tokens before
        the first branch and itself; empty where each token sees all before it.
    """

    tokens: tuple[int, ...]
    decisions: tuple[TokenChoice, ...]
    text: tuple[int, ...] = ()
    branches: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def sizes(self) -> tuple[int, ...]:
        """RETURNS (tuple[int, ...]): Tokens of the prefix and of each branch."""
        return tuple(end - start for start, end in pairwise((0, *self.branches, len(self))))

    @classmethod
    def of(cls, tree: Tree) -> "TrainingExample":
        """tree (Tree): A tree.
        RETURNS (TrainingExample): The prefix and all branches.
        """
        tokens, decisions, branches = list(tree.prefix), [], []
        for b in tree.branches:
            branches.append(len(tokens))
            decisions += [
                TokenChoice(len(tokens) + d.position, d.allowed, d.target) for d in b.decisions
            ]
            tokens += b.tokens
        return cls(tuple(tokens), tuple(decisions), branches=tuple(branches))

    def apart(self) -> list["TrainingExample"]:
        """RETURNS (list[TrainingExample]): One example for each branch, with the prefix repeated."""
        if not self.branches:
            return [self]
        size, examples = self.branches[0], []
        for start, end in pairwise((*self.branches, len(self))):
            decisions = tuple(
                TokenChoice(d.position - start + size, d.allowed, d.target)
                for d in self.decisions
                if start <= d.position < end
            )
            examples.append(TrainingExample(self.tokens[:size] + self.tokens[start:end], decisions))
        return examples


@dataclass
class ExampleCounts:
    """How many sentences, mentions and demonstrations did not fit.

    cut (int): Sentences that are longer than the context and became several examples.
    unread (int): Sentences that do not fit into the context at all.
    lost (int): Mentions that are longer than `max_tokens` or cross a cut.
    dropped (int): Demonstrations that did not fit into the context.
    """

    cut: int = 0
    unread: int = 0
    lost: int = 0
    dropped: int = 0


def make_examples(
    tagger: TaggingLLM,
    tokenizer: PieceTokenizer,
    sentences: Sequence[Demonstration],
    demonstrations: Iterable[Sequence[Demonstration]],
    labels: dict[str, str],
    *,
    loss: str,
) -> tuple[list[TrainingExample], ExampleCounts]:
    """tagger (TaggingLLM): Plans the prompts.
    tokenizer (PieceTokenizer): The model's tokenizer.
    sentences (Sequence[Demonstration]): The labelled sentences.
    demonstrations (Iterable[Sequence[Demonstration]]): Demonstrations of each sentence, the most
        similar one first.
    labels (dict[str, str]): Label -> description.
    loss (str): "full" or "allowed", as in `FinetuningSettings`.
    RETURNS (tuple[list[TrainingExample], ExampleCounts]): One example per sentence, several if it is
        cut, none if there is nothing to decide; and the counts of what did not fit.
    """
    counts, examples = ExampleCounts(), []
    format = tagger.format(labels)
    for sentence, shown in zip(sentences, demonstrations, strict=True):
        plans = tagger.plan(sentence.window, shown, labels)
        counts.unread += not plans
        counts.cut += any(plan.cut for plan in plans)
        counts.dropped += sum(plan.dropped for plan in plans)
        kept = 0
        for plan in plans:
            mentions = _inside(sentence, plan.window, format)
            kept += len(mentions)
            prompt = tagger.prompt(plan, labels)
            examples.append(make_example(tokenizer, prompt, plan.window, mentions, format, loss))
        counts.lost += sum(m.label in labels for m in sentence.mentions) - kept
    return [example for example in examples if example.decisions], counts


def make_example(
    tokenizer: PieceTokenizer,
    prompt: Prompt,
    window: Window,
    mentions: Sequence[Mention],
    format: InlineTags,
    loss: str,
) -> TrainingExample:
    """tokenizer (PieceTokenizer): The model's tokenizer.
    prompt (Prompt): The prompt of a window.
    window (Window): The window to tag.
    mentions (Sequence[Mention]): The gold mentions, with offsets in the window.
    format (InlineTags): The format of the answer.
    loss (str): "full" or "allowed", as in `FinetuningSettings`.
    RETURNS (TrainingExample): The prompt with its gold answer.
    """
    prefix, rest = tokenizer.prompt(prompt)
    tokens = (*prefix, *rest)
    text = tuple(n for n, token in enumerate(tokens) if token not in tokenizer.controls)
    path = format.path(window, mentions)
    if loss == "allowed":
        answer_branch = branch(tokenizer, prompt, format.grammar(window), path)
        moved = (
            TokenChoice(len(prefix) + d.position, d.allowed, d.target) for d in answer_branch.decisions
        )
        return TrainingExample((*prefix, *answer_branch.tokens), tuple(moved), text)
    answer = [*(t for option in path for t in tokenizer.piece(option)), tokenizer.end]
    decisions = (TokenChoice(len(tokens) + n - 1, (), token) for n, token in enumerate(answer))
    return TrainingExample((*tokens, *answer[:-1]), tuple(decisions), text)


@dataclass(frozen=True)
class ExampleBatch:
    """Examples as rows, padded on the right.

    tokens (Tensor): Token ids, (rows, length).
    mask (Tensor): Attention mask, (rows, length); (rows, length, length) if there are branches, 1 where
        a token sees another.
    positions (Tensor | None): Position ids, (rows, length), if there are branches.
    where (Tensor): (decisions, 2), row and column of the token before each decision.
    choices (Tensor): The tokens that any decision allows, (choices,); empty for all.
    allowed (Tensor): (decisions, most allowed), index into `choices`, -1 for padding.
    targets (Tensor): (decisions,), index into `allowed`; a token where all tokens are allowed.
    """

    tokens: torch.Tensor
    mask: torch.Tensor
    positions: torch.Tensor | None
    where: torch.Tensor
    choices: torch.Tensor
    allowed: torch.Tensor
    targets: torch.Tensor

    def to(self, device: torch.device) -> "ExampleBatch":
        """device (torch.device): A device.
        RETURNS (ExampleBatch): The same batch on that device.
        """
        tensors = vars(self).values()
        return ExampleBatch(*(None if t is None else t.to(device) for t in tensors))  # type: ignore[arg-type]


def collate(batch: Sequence[TrainingExample], pad: int) -> ExampleBatch:
    """batch (Sequence[TrainingExample]): The examples.
    pad (int): The padding token.
    RETURNS (ExampleBatch): The examples as rows of one batch.
    """
    length = max(map(len, batch))
    tokens = torch.tensor([[*one.tokens, *[pad] * (length - len(one))] for one in batch])
    mask = torch.tensor([[1] * len(one) + [0] * (length - len(one)) for one in batch])
    positions = None
    if any(one.branches for one in batch):
        views = [view(one.sizes, length) for one in batch]
        mask, positions = (torch.stack(parts) for parts in zip(*views, strict=True))
    where = torch.tensor([(row, d.position) for row, one in enumerate(batch) for d in one.decisions])
    decisions = [d for one in batch for d in one.decisions]
    choices = sorted({token for d in decisions for token in d.allowed})
    place = {token: n for n, token in enumerate(choices)}
    most = max(len(d.allowed) for d in decisions)
    allowed = [[*(place[t] for t in d.allowed), *[-1] * (most - len(d.allowed))] for d in decisions]
    return ExampleBatch(
        tokens,
        mask,
        positions,
        where,
        torch.tensor(choices, dtype=torch.long),
        torch.tensor(allowed, dtype=torch.long),
        torch.tensor([d.target for d in decisions]),
    )


def _inside(sentence: Demonstration, part: Window, format: InlineTags) -> list[Mention]:
    """The mentions that an answer can tag in a part of the sentence, with offsets in the part."""
    return [
        m
        for m in mentions_in(sentence.window, part, sentence.mentions)
        if m.label in format.labels
        and sum(m.start <= start < m.end for start, _ in part.tokens) <= format.max_tokens
    ]
