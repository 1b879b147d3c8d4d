"""The most probable well-formed tagging of some tokens.

A tagging is a path over the boundaries between tokens. At a boundary the path is either *closed*,
outside any entity, or *open*, inside an entity of one label:

    closed ──O, U-x──▶ closed      closed ──B-x──▶ open x
    open x ───L-x────▶ closed      open x ──I-x──▶ open x

Paths begin and end closed, so every path is well-formed.
"""

import numpy as np
from numpy.typing import NDArray

from spacy_el4ner.slm.tags import BEGIN, INSIDE, LAST, ROLES, UNIT, Scheme


def best_tagging(scheme: Scheme, logprobs: NDArray[np.floating]) -> NDArray[np.int64]:
    """scheme (Scheme): The tags.
    logprobs (ndarray): Log-probability of each tag at each token, in nats, (tokens, tags).
    RETURNS (ndarray): The number of each token's tag, (tokens,): of all well-formed taggings the one
        with the greatest sum (Viterbi). Among equally good paths, O comes first, and a new entity
        comes before the continuation of an old one.
    """
    length, labels = len(logprobs), len(scheme.labels)
    scores = logprobs.astype(np.float64)
    # (tokens, labels, roles)
    roles = scores[:, 1:].reshape(length, labels, len(ROLES))
    into_closed = np.zeros(length, np.int64)  # which way: O, then U and L of each label
    goes_on = np.zeros((length, labels), bool)
    closed, opened = 0.0, np.full(labels, -np.inf)
    for n, row in enumerate(roles):
        ends = np.column_stack([closed + row[:, UNIT], opened + row[:, LAST]]).ravel()
        ways = np.append(closed + scores[n, 0], ends)
        into_closed[n] = ways.argmax()
        start, stay = closed + row[:, BEGIN], opened + row[:, INSIDE]
        goes_on[n] = stay > start
        closed, opened = ways[into_closed[n]], np.maximum(start, stay)
    return _trace(into_closed, goes_on)


def _trace(into_closed: NDArray[np.int64], goes_on: NDArray[np.bool_]) -> NDArray[np.int64]:
    """Follow the best path back from its end."""
    ids = np.zeros(len(into_closed), np.int64)
    label = None  # in which the path is open behind this token
    for n in reversed(range(len(ids))):
        if label is not None:
            stays = goes_on[n, label]
            ids[n] = 1 + len(ROLES) * label + (INSIDE if stays else BEGIN)
            label = label if stays else None
        elif way := int(into_closed[n]):
            at, ends = divmod(way - 1, 2)
            ids[n] = 1 + len(ROLES) * at + (LAST if ends else UNIT)
            label = at if ends else None
    return ids
