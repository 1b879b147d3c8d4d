"""Log-probabilities of the allowed tokens at places of a batch."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from spacy_el4ner.errors import EL4NERValueError, Errors


@dataclass(frozen=True)
class TokenDecision:
    """A choice of the next token.

    row (int): Row of the logits.
    place (int): Place in the row.
    allowed (tuple[int, ...]): The tokens to choose from.
    biases (tuple[float, ...]): Bias of the logit of each of these tokens, in nats; empty for no biases.
    """

    row: int
    place: int
    allowed: tuple[int, ...]
    biases: tuple[float, ...] = ()


def decide(
    logits: torch.Tensor, tokens: Sequence[int], decisions: Sequence[TokenDecision], model: str
) -> list[list[float]]:
    """logits (Tensor): (rows, places, tokens).
    tokens (Sequence[int]): The token ids of the last dimension.
    decisions (Sequence[TokenDecision]): The decisions to make.
    model (str): Name of the model, for the message.
    RETURNS (list[list[float]]): For each decision the log-probability of each allowed token among the
        allowed ones, in nats, with the biases. A single allowed token needs no logits: it is certain.
    RAISES (ValueError): EL123, the model computed NaN.
    """
    column = {token: n for n, token in enumerate(tokens)}
    open_ = [d for d in decisions if len(d.allowed) > 1]
    decided = [[0.0] * len(d.allowed) for d in decisions]
    if not open_:
        return decided
    widest = max(len(d.allowed) for d in open_)
    columns = torch.tensor(
        [[*(column[t] for t in d.allowed), *[-1] * (widest - len(d.allowed))] for d in open_]
    ).to(logits.device)
    where = torch.tensor([[d.row, d.place] for d in open_]).to(logits.device)
    chosen = logits[where[:, 0], where[:, 1]].gather(1, columns.clamp(min=0))
    chosen = chosen.masked_fill(columns < 0, -torch.inf)
    if any(any(d.biases) for d in open_):
        biases = [[*(d.biases or (0.0,)), *[0.0] * widest][:widest] for d in open_]
        chosen = chosen + torch.tensor(biases).to(chosen.device)
    chosen = chosen.log_softmax(-1).cpu()
    # A single NaN or +inf among a decision's logits, or nothing but -inf, makes all of them NaN.
    if bool(chosen.isnan().any()):
        raise EL4NERValueError(Errors.EL123.format(name=model))
    values = iter(chosen.tolist())
    return [
        next(values)[: len(d.allowed)] if len(d.allowed) > 1 else row
        for d, row in zip(decisions, decided, strict=True)
    ]


def unbiased(logprobs: Sequence[float], biases: Sequence[float], at: int) -> float:
    """logprobs (Sequence[float]): Log-probabilities of the tokens of a decision, with the biases.
    biases (Sequence[float]): Bias of each token, in nats; empty for no biases.
    at (int): Number of one of the tokens.
    RETURNS (float): Its log-probability without the biases, in nats.
    """
    if not any(biases):
        return logprobs[at]
    raw = [logprob - bias for logprob, bias in zip(logprobs, biases, strict=True)]
    top = max(raw)
    return raw[at] - top - math.log(math.fsum(math.exp(one - top) for one in raw))
