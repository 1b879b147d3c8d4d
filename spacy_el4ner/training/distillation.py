"""What a compact decoder learns from the encoder that its layers come from.

An encoder knows a word by what stands on both sides of it, a decoder by what stands before. But one
that writes a sentence again has read all of it. So it is taught, on plain text, to hold before each
word that it writes what the encoder holds of that word in the whole sentence (its last layer is the
target, as for Jiao et al. 2020, TinyBERT). That teaches two things for which labelled sentences are too
few: to find the place that is being copied, and to see what stands there with both sides of it. To tag
is then little more.

Tags are strewn into what is written, and other sentences stand before what is read. Without them, what
is to be copied lies as far back always, and a decoder that learns to count does not find it later.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional
from transformers import BertLMHeadModel, PreTrainedTokenizerFast

from spacy_el4ner.backends.tokens import PieceTokenizer
from spacy_el4ner.training.sft.order import batches
from spacy_el4ner.training.warm_start import encoder
from spacy_el4ner.windows import WORDS

FARTHEST = 256
"""Places at which a sentence may begin: what comes before it in a prompt is of any length."""


@dataclass(frozen=True)
class Distillation:
    """sentences (int): How many sentences are written again, about: the whole text, as often as that
        takes, and less often where they are longer than usual.
    tags (float): Share of the places at which a tag is strewn in, and again behind that one.
    before (float): Share of the sentences that another one stands before, which is not to be copied.
    batch_size (int): Sentences a step.
    learning_rate (float): Its peak.
    """

    sentences: int = 9000
    tags: float = 0.15
    before: float = 0.3
    batch_size: int = 16
    learning_rate: float = 1e-3


@dataclass(frozen=True)
class Retelling:
    """A sentence that the decoder reads and writes again.

    tokens (tuple[int, ...]): All that it reads and writes.
    start (int): Position of the first token after the one that begins every text.
    heard (tuple[int, ...]): What the encoder reads: the sentence.
    decisions (tuple[tuple[int, int], ...]): A place in `tokens`, and the place in `heard` of the word
        that comes next.
    """

    tokens: tuple[int, ...]
    start: int
    heard: tuple[int, ...]
    decisions: tuple[tuple[int, int], ...]

    def __len__(self) -> int:
        return len(self.tokens)


def retellings(
    tokenizer: PreTrainedTokenizerFast,
    texts: Sequence[str],
    tags: Sequence[str],
    how: Distillation,
    seed: int,
) -> list[Retelling]:
    """tokenizer (PreTrainedTokenizerFast): The decoder's.
    texts (Sequence[str]): Sentences.
    tags (Sequence[str]): Tokens to strew in.
    how (Distillation): How much of everything.
    seed (int): Decides the rest.
    RETURNS (list[Retelling]): In the order in which they are to be learnt.
    """
    rng = random.Random(seed)
    piece = PieceTokenizer(tokenizer).piece
    most = (tokenizer.model_max_length - FARTHEST) // 2
    sentences = [tokens[:most] for text in texts if (tokens := piece(text))]
    strewn = [tokenizer.convert_tokens_to_ids(tag) for tag in tags]
    words = max(WORDS * len(texts), sum(len(text.split()) for text in texts))
    found = []
    for number in range(max(1, round(how.sentences * WORDS / max(1, words)))):
        drawn = [_retold(sentence, sentences, strewn, tokenizer, how, rng) for sentence in sentences]
        order = batches([len(one) for one in drawn], how.batch_size, seed, number)
        found += [drawn[n] for batch in order for n in batch]
    return found


def _retold(
    sentence: Sequence[int],
    others: Sequence[Sequence[int]],
    tags: Sequence[int],
    tokenizer: PreTrainedTokenizerFast,
    how: Distillation,
    rng: random.Random,
) -> Retelling:
    begin, end = tokenizer.cls_token_id, tokenizer.sep_token_id
    before = rng.choice(others) if rng.random() < how.before else ()
    tokens = [begin, *before, *sentence, end]
    heard = (begin, *sentence, end)
    decisions = []
    for at, word in enumerate(heard[1:], 1):
        decisions.append((len(tokens) - 1, at))
        while rng.random() < how.tags:
            tokens.append(rng.choice(tags))
            decisions.append((len(tokens) - 1, at))
        tokens.append(word)
    room = tokenizer.model_max_length - len(tokens)
    return Retelling(
        tuple(tokens), 1 + rng.randint(0, max(0, min(FARTHEST, room))), heard, tuple(decisions)
    )


class Teacher(nn.Module):
    """The encoder, and what it holds of a decoder's tokens.

    tokenizer (PreTrainedTokenizerFast): The decoder's; its vocabulary begins with the encoder's.
    words (Tensor): The decoder's embeddings, (tokens, width).
    """

    heard: torch.Tensor
    case: torch.Tensor

    def __init__(self, tokenizer: PreTrainedTokenizerFast, words: torch.Tensor):
        super().__init__()
        self.encoder = encoder().eval().requires_grad_(False)
        ids = tokenizer.get_vocab()
        known, unknown = self.encoder.config.vocab_size, tokenizer.unk_token_id
        lower = {n: n if n < known else ids.get(token.lower(), unknown) for token, n in ids.items()}
        heard = torch.tensor([n if n < known else unknown for _, n in sorted(lower.items())])
        # It does not see capital letters. So that the decoder goes on seeing them, it is to hold by how
        # much a cased piece differs from the one that the encoder reads.
        case = words - words[heard]
        case[heard == unknown] = 0
        self.register_buffer("heard", heard)
        self.register_buffer("case", case)

    def holds(self, told: Sequence[Retelling]) -> torch.Tensor:
        """RETURNS (Tensor): What is to be held at each decision, (decisions, width)."""
        longest, device = max(len(one.heard) for one in told), self.heard.device
        tokens = torch.tensor([_padded(one.heard, longest) for one in told], device=device)
        mask = torch.tensor([_padded([1] * len(one.heard), longest) for one in told], device=device)
        hidden = self.encoder(self.heard[tokens], attention_mask=mask).last_hidden_state
        places = [(row, at) for row, one in enumerate(told) for _, at in one.decisions]
        rows, columns = torch.tensor(places, device=device).unbind(1)
        held: torch.Tensor = hidden[rows, columns].float() + self.case[tokens[rows, columns]]
        return held

    def distance(
        self,
        model: Any,
        bare: BertLMHeadModel,
        told: Sequence[Retelling],
        pad: int,
        device: torch.device,
    ) -> torch.Tensor:
        """How far a decoder is from holding it: squared distances, as a share of what they would be if
        it held the mean of all; an `Objective` of a training run.

        RETURNS (Tensor): The sum over the decisions.
        """
        target = self.to(device).holds(told)
        longest = max(map(len, told))
        tokens = torch.tensor([_padded(one.tokens, longest, pad) for one in told], device=device)
        mask = torch.tensor([_padded([1] * len(one), longest) for one in told], device=device)
        starts = torch.tensor([[one.start - 1] for one in told], device=device)
        positions = torch.arange(longest, device=device) + starts
        positions[:, 0] = 0
        hidden = bare.bert(
            tokens,
            attention_mask=mask,
            position_ids=positions.clamp(max=bare.config.max_position_embeddings - 1),
            # Left out, it would be as long as the context.
            token_type_ids=torch.zeros_like(positions),
        ).last_hidden_state
        places = [(row, at) for row, one in enumerate(told) for at, _ in one.decisions]
        rows, columns = torch.tensor(places, device=device).unbind(1)
        loss = functional.mse_loss(hidden[rows, columns].float(), target) / target.var()
        return loss * len(places)


def _padded(values: Sequence[int], length: int, pad: int = 0) -> list[int]:
    return [*values, *[pad] * (length - len(values))]
