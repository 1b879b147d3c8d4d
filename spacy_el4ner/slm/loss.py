"""The loss of the tagger."""

import numpy as np
from numpy.typing import NDArray
from thinc.api import Ops
from thinc.types import Floats2d

TINY = 1.2e-38
"""The smallest normal number in 32 bits; stands in for probabilities rounded to 0."""


def cross_entropy(ops: Ops, scores: Floats2d, tags: NDArray[np.int64]) -> tuple[float, Floats2d]:
    """ops (Ops): Array operations of the device that holds the scores.
    scores (Floats2d): The tagger's logits, (tokens, tags).
    tags (ndarray): The number of each token's tag, (tokens,); below 0 where it is unknown.
    RETURNS (tuple[float, Floats2d]): Cross-entropy in nats, summed over the tokens whose tag is known,
        and its gradient by the scores, which is 0 at all other tokens.
    """
    labelled = ops.xp.asarray(np.flatnonzero(tags >= 0))
    right = ops.xp.asarray(tags[tags >= 0])
    gradient = ops.xp.zeros_like(scores)
    gradient[labelled] = ops.softmax(scores[labelled])
    loss = -float(ops.xp.log(gradient[labelled, right].clip(TINY)).sum())
    gradient[labelled, right] -= 1.0
    return loss, gradient
