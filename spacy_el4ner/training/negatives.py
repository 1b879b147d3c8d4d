"""Hard negatives: spans that are no entities but could pass for one."""

import random

from spacy_el4ner.types import Demonstration

BOUNDARY_SHARE = 0.55
"""Share of the negatives that are a gold mention with a wrong boundary; the rest are ordinary words."""
CAPITAL_SHARE = 0.6
"""Share of the ordinary words that begin at a capital, such as the first word of a sentence."""
LONGEST = 3


def negatives(shot: Demonstration, n: int, rng: random.Random) -> list[tuple[int, int]]:
    """shot (Demonstration): A labelled sentence.
    n (int): How many spans are wanted.
    rng (Random): Decides.
    RETURNS (list[tuple[int, int]]): Up to `n` different spans, none of them a gold mention.
    """
    gold = {(m.start, m.end) for m in shot.mentions}
    found: dict[tuple[int, int], None] = {}
    for _ in range(4 * n):
        if len(found) == n:
            break
        near = shot.mentions and rng.random() < BOUNDARY_SHARE
        span = _wrong_boundary(shot, rng) if near else _ordinary(shot, rng)
        if span not in gold:
            found[span] = None
    return list(found)


def _wrong_boundary(shot: Demonstration, rng: random.Random) -> tuple[int, int]:
    tokens = shot.window.tokens
    mention = rng.choice(shot.mentions)
    first = next(n for n, (start, _) in enumerate(tokens) if start == mention.start)
    last = next(n for n, (_, end) in enumerate(tokens) if end == mention.end)
    first = _clip(first + rng.choice((-1, 0, 0, 1)), 0, len(tokens) - 1)
    last = _clip(last + rng.choice((-1, 0, 0, 1, 1, 2)), first, len(tokens) - 1)
    return tokens[first][0], tokens[last][1]


def _ordinary(shot: Demonstration, rng: random.Random) -> tuple[int, int]:
    tokens, text = shot.window.tokens, shot.window.text
    capitals = [n for n, (start, _) in enumerate(tokens) if text[start].isupper()]
    if capitals and rng.random() < CAPITAL_SHARE:
        first = rng.choice(capitals)
    else:
        first = rng.randrange(len(tokens))
    last = _clip(first + rng.choice((0, 0, *range(1, LONGEST))), first, len(tokens) - 1)
    return tokens[first][0], tokens[last][1]


def _clip(value: int, low: int, high: int) -> int:
    return max(low, min(high, value))
