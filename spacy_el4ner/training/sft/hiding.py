"""Reading with gaps: what a model has to do without, it cannot learn by heart."""

from collections.abc import Sequence

import torch

from spacy_el4ner.training.sft.data import Lesson


def hide(tokens: torch.Tensor, lessons: Sequence[Lesson], share: float, gap: int) -> torch.Tensor:
    """tokens (Tensor): Of the lessons, side by side, (rows, length).
    lessons (Sequence[Lesson]): Whose; what may be hidden in each is its `text`.
    share (float): How much is hidden, 0 to 1; torch draws what.
    gap (int): The token that is read in its place.
    RETURNS (Tensor): The tokens with gaps. The answers have none.
    """
    text = torch.zeros(tokens.shape, dtype=torch.bool)
    for row, lesson in enumerate(lessons):
        text[row, list(lesson.text)] = True
    drawn = torch.rand(tokens.shape) < share
    return tokens.masked_fill((text & drawn).to(tokens.device), gap)
