"""Hard negatives: spans that are not entities but look like one."""

import random

from spacy_el4ner.types import Demonstration

BOUNDARY_SHARE = 0.55
"""Share of the negatives that are a gold mention with a wrong boundary; the rest are ordinary words."""
CAPITAL_SHARE = 0.6
"""Share of the ordinary words that begin with a capital, such as the first word of a sentence."""
LONGEST = 3
"""Largest number of words in an ordinary span."""


def negatives(demonstration: Demonstration, n: int, rng: random.Random) -> list[tuple[int, int]]:
    """demonstration (Demonstration): A labelled sentence.
    n (int): Number of spans.
    rng (Random): Draws the spans.
    RETURNS (list[tuple[int, int]]): Up to `n` different spans, none of them a gold mention.
    """
    gold = {(m.start, m.end) for m in demonstration.mentions}
    spans: dict[tuple[int, int], None] = {}
    for _ in range(4 * n):
        if len(spans) == n:
            break
        near = demonstration.mentions and rng.random() < BOUNDARY_SHARE
        span = _wrong_boundary(demonstration, rng) if near else _ordinary(demonstration, rng)
        if span not in gold:
            spans[span] = None
    return list(spans)


def _wrong_boundary(demonstration: Demonstration, rng: random.Random) -> tuple[int, int]:
    tokens = demonstration.window.tokens
    mention = rng.choice(demonstration.mentions)
    first = next(n for n, (start, _) in enumerate(tokens) if start == mention.start)
    last = next(n for n, (_, end) in enumerate(tokens) if end == mention.end)
    first = _clip(first + rng.choice((-1, 0, 0, 1)), 0, len(tokens) - 1)
    last = _clip(last + rng.choice((-1, 0, 0, 1, 1, 2)), first, len(tokens) - 1)
    return tokens[first][0], tokens[last][1]


def _ordinary(demonstration: Demonstration, rng: random.Random) -> tuple[int, int]:
    tokens, text = demonstration.window.tokens, demonstration.window.text
    capitals = [n for n, (start, _) in enumerate(tokens) if text[start].isupper()]
    if capitals and rng.random() < CAPITAL_SHARE:
        first = rng.choice(capitals)
    else:
        first = rng.randrange(len(tokens))
    last = _clip(first + rng.choice((0, 0, *range(1, LONGEST))), first, len(tokens) - 1)
    return tokens[first][0], tokens[last][1]


def _clip(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))
