"""All well-formed taggings of some tokens: the best one, and the probability of an entity.

A tagging is a path over the cuts between tokens. At a cut the path is either *closed*, no entity going
on, or *open* in one label:

    closed ──O, U-x──▶ closed      closed ──B-x──▶ open x
    open x ───L-x────▶ closed      open x ──I-x──▶ open x

Paths begin and end closed; whatever they spell is well-formed. A path weighs what its tags weigh
together, so its probability is that of its tags under the tagger, given that tags are well-formed.
"""

from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.fusion.tags import BEGIN, INSIDE, LAST, ROLES, UNIT, Scheme

Array = NDArray[np.float64]


class Lattice:
    """scheme (Scheme): The tags.
    logprobs (ndarray): Log-probability of each tag at each token, in nats, (tokens, tags).
    """

    def __init__(self, scheme: Scheme, logprobs: NDArray[np.floating]):
        self.scheme = scheme
        scores = logprobs.astype(np.float64)
        self.outside: Array = scores[:, 0]
        roles = scores[:, 1:].reshape(len(scores), len(scheme.labels), len(ROLES))
        # (tokens, labels) each
        self.begin, self.inside, self.last, self.unit = (
            roles[:, :, role] for role in (BEGIN, INSIDE, LAST, UNIT)
        )

    def __len__(self) -> int:
        return len(self.outside)

    def best(self) -> NDArray[np.int64]:
        """RETURNS (ndarray): The number of each token's tag in the most probable tagging (Viterbi),
        (tokens,). Of equally probable ones, that of lower tags at the last place where they differ.
        """
        labels = np.arange(len(self.scheme.labels))
        closed, opened = 0.0, np.full(len(labels), -np.inf)
        into_closed = np.zeros(len(self), np.int64)
        goes_on = np.zeros((len(self), len(labels)), bool)
        for n in range(len(self)):
            ways = np.column_stack([closed + self.unit[n], opened + self.last[n]]).ravel()
            ways = np.append(closed + self.outside[n], ways)  # O, then U and L of each label
            into_closed[n] = ways.argmax()
            start, stay = closed + self.begin[n], opened + self.inside[n]
            goes_on[n] = stay > start
            closed, opened = ways[into_closed[n]], np.maximum(start, stay)
        return self._trace(into_closed, goes_on)

    def _trace(self, into_closed: NDArray[np.int64], goes_on: NDArray[np.bool_]) -> NDArray[np.int64]:
        """Follow the best path from its end."""
        ids = np.zeros(len(self), np.int64)
        label = None
        for n in reversed(range(len(self))):
            if label is None:
                way = int(into_closed[n])
                if way == 0:
                    continue
                at, ends = divmod(way - 1, 2)
                ids[n] = 1 + len(ROLES) * at + (LAST if ends else UNIT)
                label = at if ends else None
            else:
                stays = goes_on[n, label]
                ids[n] = 1 + len(ROLES) * label + (INSIDE if stays else BEGIN)
                label = label if stays else None
        return ids

    def probability(self, start: int, end: int, label: str) -> float:
        """start (int), end (int), label (str): An entity, in tokens.
        RETURNS (float): The share of well-formed taggings that have it, each weighed by its
            probability: the posterior that forward-backward gives.
        """
        x = self.scheme.labels.index(label)
        if end - start == 1:
            score = self.unit[start, x]
        else:
            score = self.begin[start, x] + self.inside[start + 1 : end - 1, x].sum()
            score += self.last[end - 1, x]
        forward, backward = self._closed
        return float(np.exp(min(0.0, forward[start] + score + backward[end] - forward[-1])))

    @cached_property
    def _closed(self) -> tuple[Array, Array]:
        """Log-weight of all paths from the start to each cut where they are closed, and from there to
        the end, (tokens + 1,) each.
        """
        forward, backward = np.zeros(len(self) + 1), np.zeros(len(self) + 1)
        opened: Array = np.full(len(self.scheme.labels), -np.inf)
        for n in range(len(self)):
            closed = forward[n]
            ways = [closed + self.unit[n], opened + self.last[n], [closed + self.outside[n]]]
            forward[n + 1] = np.logaddexp.reduce(np.concatenate(ways))
            opened = np.logaddexp(closed + self.begin[n], opened + self.inside[n])
        opened = np.full(len(self.scheme.labels), -np.inf)
        for n in reversed(range(len(self))):
            closed = backward[n + 1]
            ways = [closed + self.unit[n], opened + self.begin[n], [closed + self.outside[n]]]
            backward[n] = np.logaddexp.reduce(np.concatenate(ways))
            opened = np.logaddexp(closed + self.last[n], opened + self.inside[n])
        return forward, backward
