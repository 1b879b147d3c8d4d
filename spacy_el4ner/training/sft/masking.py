"""Input masking, against overfitting: a model cannot memorise what it does not see."""

from collections.abc import Sequence

import torch

from spacy_el4ner.training.sft.examples import TrainingExample


def mask_input(
    tokens: torch.Tensor, examples: Sequence[TrainingExample], rate: float, mask_token: int
) -> torch.Tensor:
    """tokens (Tensor): Tokens of the examples, (rows, length).
    examples (Sequence[TrainingExample]): One example per row; its `text` says what may be masked.
    rate (float): Share of the tokens to mask, 0 to 1; torch's random generator draws them.
    mask_token (int): The token that replaces them.
    RETURNS (Tensor): The masked tokens, (rows, length). Answers are not masked.
    """
    text = torch.zeros(tokens.shape, dtype=torch.bool)
    for row, example in enumerate(examples):
        text[row, list(example.text)] = True
    drawn = torch.rand(tokens.shape) < rate
    return tokens.masked_fill((text & drawn).to(tokens.device), mask_token)
