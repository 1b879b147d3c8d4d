"""Reading what the prompts of a batch begin with in common, once."""

from collections import defaultdict
from collections.abc import Sequence
from itertools import pairwise

from spacy_el4ner.backends.decoding.cache import Cache, KeyValues
from spacy_el4ner.backends.decoding.prefixes import PrefixTree, Tokens, common
from spacy_el4ner.backends.decoding.runner import Runner

Prompt = tuple[Tokens, Tokens]
"""Tokens of the prefix that other prompts share, and of the rest."""


def begin(
    runner: Runner, rows: Sequence[Tokens], prefixes: PrefixTree
) -> tuple[Cache | None, list[int]]:
    """Take the beginnings of rows from the tree, and read those that several rows share.

    A pass reads one level: of each group of rows that go on alike, what all rows of the group share.
    The passes end when the rest in common is not worth a pass.

    runner (Runner): The model.
    rows (Sequence[tuple[int, ...]]): Tokens of each row, at least one.
    prefixes (PrefixTree): Prefixes read before; those read now are offered to it.
    RETURNS (tuple[Cache | None, list[int]]): The cache to continue, None for an empty one, and the
        number of tokens in it of each row. The last token of a row is never among them.
    """
    if not prefixes.max_bytes:
        return None, [0] * len(rows)
    rows = [row[:-1] for row in rows]  # the logits after a row come from the pass that reads its end
    begun = prefixes.get(rows)
    while saved_tokens(rows, _lengths(begun)) > runner.pass_cost(None):
        _read_level(runner, rows, begun, prefixes)
    return Cache.stack(begun), _lengths(begun)


def saved_tokens(rows: Sequence[Tokens], read: Sequence[int]) -> int:
    """rows (Sequence[tuple[int, ...]]): Tokens of each row.
    read (Sequence[int]): The number of them that have been read, which is the same for rows that go on
        alike.
    RETURNS (int): The number of tokens that need not be read if what rows share is read once.
    """
    ordered = sorted(range(len(rows)), key=rows.__getitem__)
    return sum(max(0, common(rows[a], rows[b]) - read[a]) for a, b in pairwise(ordered))


def _read_level(
    runner: Runner, rows: Sequence[Tokens], begun: list[KeyValues | None], prefixes: PrefixTree
) -> None:
    """Extend the beginnings of rows that go on alike, in place."""
    alike = defaultdict[Tokens, list[int]](list)
    for n, (tokens, read) in enumerate(zip(rows, _lengths(begun), strict=True)):
        if read < len(tokens):
            alike[tokens[: read + 1]].append(n)
    groups = [numbers for numbers in alike.values() if len(numbers) > 1]
    before = [begun[numbers[0]] for numbers in groups]
    shared = [_shared([rows[n] for n in numbers]) for numbers in groups]
    unread = [tokens[n:] for tokens, n in zip(shared, _lengths(before), strict=True)]
    cache = runner.read(unread, Cache.stack(before))
    for row, (numbers, tokens) in enumerate(zip(groups, shared, strict=True)):
        prefixes.put(tokens, cache, row)
        whole = cache.part(row, 0, len(tokens))
        for n in numbers:
            begun[n] = whole


def _shared(rows: Sequence[Tokens]) -> Tokens:
    """What all rows begin with: what the first and the last one of them in order begin with."""
    first, last = min(rows), max(rows)
    return first[: common(first, last)]


def _lengths(begun: Sequence[KeyValues | None]) -> list[int]:
    return [0 if kept is None else len(kept) for kept in begun]
