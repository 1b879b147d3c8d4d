"""Labelled sentences as token sequences: a prompt, its right answer, and what the answer decides.

A sequence is tokenised by the same code as at inference, so that training and decoding agree.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import torch

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.formats import InlineTags
from spacy_el4ner.fusion.tagger import Question, Tagger
from spacy_el4ner.training.sequences import Decision, branch
from spacy_el4ner.types import Demonstration, Mention, Window
from spacy_el4ner.windows import mentions_in


@dataclass(frozen=True)
class Lesson:
    """tokens (tuple[int, ...]): Prompt and answer.
    decisions (tuple[Decision, ...]): The choices of the answer. `allowed` is empty where the whole
        vocabulary is, and `target` then a token.
    text (tuple[int, ...]): Places of the prompt's tokens, without those that control the model.
    """

    tokens: tuple[int, ...]
    decisions: tuple[Decision, ...]
    text: tuple[int, ...] = ()

    def __len__(self) -> int:
        return len(self.tokens)


@dataclass
class Report:
    """What became of the sentences.

    cut (int): Sentences that were longer than the context and became several.
    unread (int): Sentences for which the context is too small in any case.
    lost (int): Mentions that are too long to be tagged, or lie across a cut.
    dropped (int): Demonstrations that there was no room for.
    """

    cut: int = 0
    unread: int = 0
    lost: int = 0
    dropped: int = 0


def lessons(
    tagger: Tagger,
    tokenizer: PieceTokenizer,
    sentences: Sequence[Demonstration],
    shots: Iterable[Sequence[Demonstration]],
    labels: dict[str, str],
    *,
    loss: str,
) -> tuple[list[Lesson], Report]:
    """tagger (Tagger): Lays out the prompts.
    tokenizer (PieceTokenizer): Of the model.
    sentences (Sequence[Demonstration]): What is to be learnt.
    shots (Iterable[Sequence[Demonstration]]): Their demonstrations, the most similar one first.
    labels (dict[str, str]): Label -> description.
    loss (str): "full" or "allowed".
    RETURNS (tuple[list[Lesson], Report]): One lesson a sentence, several where it is cut, none where it
        leaves nothing to decide.
    """
    report, found = Report(), []
    format = tagger.format(labels)
    for sentence, shown in zip(sentences, shots, strict=True):
        questions = tagger.ask(sentence.window, shown, labels)
        report.unread += not questions
        report.cut += any(q.cut for q in questions)
        report.dropped += sum(q.dropped for q in questions)
        kept = 0
        for question in questions:
            mentions = _inside(sentence, question.window, format)
            kept += len(mentions)
            found.append(lesson(tokenizer, question, mentions, format, loss))
        report.lost += sum(m.label in labels for m in sentence.mentions) - kept
    return [one for one in found if one.decisions], report


def lesson(
    tokenizer: PieceTokenizer,
    question: Question,
    mentions: Sequence[Mention],
    format: InlineTags,
    loss: str,
) -> Lesson:
    """RETURNS (Lesson): The question, answered rightly."""
    prefix, rest = tokenizer.prompt(question.prompt)
    prompt = (*prefix, *rest)
    text = tuple(n for n, token in enumerate(prompt) if token not in tokenizer.controls)
    path = format.path(question.window, mentions)
    if loss == "allowed":
        found = branch(tokenizer, question.prompt, format.grammar(question.window), path)
        moved = (Decision(len(prefix) + d.position, d.allowed, d.target) for d in found.decisions)
        return Lesson((*prefix, *found.tokens), tuple(moved), text)
    answer = [*(t for option in path for t in tokenizer.piece(option)), tokenizer.end]
    decisions = (Decision(len(prompt) + n - 1, (), token) for n, token in enumerate(answer))
    return Lesson((*prompt, *answer[:-1]), tuple(decisions), text)


@dataclass(frozen=True)
class Batch:
    """Lessons side by side, padded on the right.

    tokens, mask (Tensor): (rows, length).
    where (Tensor): (decisions, 2), row and column of the token before each decision.
    choices (Tensor): The tokens that any decision is about, (choices,); empty for all.
    allowed (Tensor): (decisions, most allowed), index into `choices`, -1 for padding.
    targets (Tensor): (decisions,), index into `allowed`, or a token where all are.
    """

    tokens: torch.Tensor
    mask: torch.Tensor
    where: torch.Tensor
    choices: torch.Tensor
    allowed: torch.Tensor
    targets: torch.Tensor

    def to(self, device: torch.device) -> "Batch":
        """RETURNS (Batch): The same on another device."""
        return Batch(*(tensor.to(device) for tensor in vars(self).values()))


def collate(batch: Sequence[Lesson], pad: int) -> Batch:
    """RETURNS (Batch): The lessons side by side."""
    length = max(map(len, batch))
    tokens = torch.tensor([[*one.tokens, *[pad] * (length - len(one))] for one in batch])
    mask = torch.tensor([[1] * len(one) + [0] * (length - len(one)) for one in batch])
    where = torch.tensor([(row, d.position) for row, one in enumerate(batch) for d in one.decisions])
    decisions = [d for one in batch for d in one.decisions]
    choices = sorted({token for d in decisions for token in d.allowed})
    place = {token: n for n, token in enumerate(choices)}
    most = max(len(d.allowed) for d in decisions)
    allowed = [[*(place[t] for t in d.allowed), *[-1] * (most - len(d.allowed))] for d in decisions]
    return Batch(
        tokens,
        mask,
        where,
        torch.tensor(choices, dtype=torch.long),
        torch.tensor(allowed, dtype=torch.long),
        torch.tensor([d.target for d in decisions]),
    )


def _inside(sentence: Demonstration, part: Window, format: InlineTags) -> list[Mention]:
    """The mentions that an answer about a part can name, with offsets in the part."""
    return [
        m
        for m in mentions_in(sentence.window, part, sentence.mentions)
        if m.label in format.labels
        and sum(m.start <= start < m.end for start, _ in part.tokens) <= format.max_tokens
    ]
