"""Decisions: at a place of a row, how likely is each of the allowed tokens?"""

from collections.abc import Sequence
from dataclasses import dataclass

import torch

from spacy_el4ner.errors import Errors


@dataclass(frozen=True)
class Decision:
    """row (int), place (int): Where in the logits.
    allowed (tuple[int, ...]): The tokens to choose from.
    """

    row: int
    place: int
    allowed: tuple[int, ...]


def decide(
    logits: torch.Tensor, tokens: Sequence[int], decisions: Sequence[Decision], model: str
) -> list[list[float]]:
    """logits (Tensor): (rows, places, tokens).
    tokens (Sequence[int]): The token ids of the last dimension.
    decisions (Sequence[Decision]): What is asked.
    model (str): Whose logits they are, for the message.
    RETURNS (list[list[float]]): For each decision the log-probability of each allowed token among the
        allowed ones, in nats. What is forced is certain and needs no logits.
    RAISES (ValueError): The model computed something that is no number.
    """
    column = {token: n for n, token in enumerate(tokens)}
    open_ = [d for d in decisions if len(d.allowed) > 1]
    found = [[0.0] * len(d.allowed) for d in decisions]
    if not open_:
        return found
    widest = max(len(d.allowed) for d in open_)
    columns = torch.tensor(
        [[*(column[t] for t in d.allowed), *[-1] * (widest - len(d.allowed))] for d in open_]
    ).to(logits.device)
    where = torch.tensor([[d.row, d.place] for d in open_]).to(logits.device)
    chosen = logits[where[:, 0], where[:, 1]].gather(1, columns.clamp(min=0))
    chosen = chosen.masked_fill(columns < 0, -torch.inf).log_softmax(-1).cpu()
    # One NaN or +inf among a decision's logits, or none but -inf, makes all of it NaN.
    if bool(chosen.isnan().any()):
        raise ValueError(Errors.EL123.format(name=model))
    values = iter(chosen.tolist())
    return [
        next(values)[: len(d.allowed)] if len(d.allowed) > 1 else row
        for d, row in zip(decisions, found, strict=True)
    ]
