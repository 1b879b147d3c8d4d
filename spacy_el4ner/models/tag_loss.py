"""What the tagger is trained to make small."""

import numpy as np
from numpy.typing import NDArray
from thinc.api import Ops
from thinc.types import Floats2d

TINY = 1.2e-38
"""The smallest normal number in 32 bits; stands for probabilities that are rounded to 0."""


def cross_entropy(ops: Ops, scores: Floats2d, tags: NDArray[np.int64]) -> tuple[float, Floats2d]:
    """ops (Ops): Of the device that the scores are on.
    scores (Floats2d): The tagger's logits, (tokens, tags).
    tags (ndarray): The number of each token's tag, (tokens,); below 0 where none is known.
    RETURNS (tuple[float, Floats2d]): Cross-entropy in nats, summed over the tokens whose tag is known,
        and its gradient by the scores, which is 0 at all others.
    """
    known = ops.xp.asarray(np.flatnonzero(tags >= 0))
    right = ops.xp.asarray(tags[tags >= 0])
    gradient = ops.xp.zeros_like(scores)
    gradient[known] = ops.softmax(scores[known])
    loss = -float(ops.xp.log(gradient[known, right].clip(TINY)).sum())
    gradient[known, right] -= 1.0
    return loss, gradient
