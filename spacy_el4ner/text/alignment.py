"""Alignment of answers with the text that was asked about.

Everything is decided per occurrence and on the characters as they are: nothing is lower-cased (which
would shift offsets after "İ") and nothing is split at white space. Where free text is read, one
kind and amount of white space is like another: a model that copies a line break writes a space.
"""

from bisect import bisect_left
from collections.abc import Sequence
from difflib import SequenceMatcher


def align_plain(
    copy: str, source: str, spans: Sequence[tuple[int, int]]
) -> list[tuple[int, int] | None]:
    """Carry spans of an imperfect copy over to its source.

    copy (str): What the model wrote, tags removed.
    source (str): The text it was to copy.
    spans (Sequence[tuple[int, int]]): Character offsets in the copy.
    RETURNS (list[tuple[int, int] | None]): Offsets in the source for each span, None where the
        characters of the span are not found there as they stand, whatever white space between them, and
        at the same place of the text.
    """
    if not spans:
        return []
    (written, places), (given, origins) = _evened(copy), _evened(source)
    to_source: dict[int, int] = {}
    matcher = SequenceMatcher(None, written, given, autojunk=False)
    for block in matcher.get_matching_blocks():
        for n in range(block.size):
            to_source[block.a + n] = block.b + n
    aligned: list[tuple[int, int] | None] = []
    for start, end in spans:
        stretch = range(bisect_left(places, start), bisect_left(places, end))
        positions = [to_source.get(n) for n in stretch]
        first = positions[0] if positions else None
        if first is not None and positions == list(range(first, first + len(positions))):
            aligned.append((origins[first], origins[first + len(positions) - 1] + 1))
        else:
            aligned.append(None)
    return aligned


def occurrences(source: str, surface: str) -> list[int]:
    """source (str): A text.
    surface (str): What to look for.
    RETURNS (list[int]): Where each occurrence of `surface` begins in `source`.
    """
    if not surface:
        return []
    places, at = [], source.find(surface)
    while at >= 0:
        places.append(at)
        at = source.find(surface, at + 1)
    return places


def loose_occurrences(source: str, surface: str) -> list[tuple[int, int]]:
    """source (str): A text.
    surface (str): What to look for.
    RETURNS (list[tuple[int, int]]): Where each occurrence of `surface` begins and ends in `source`,
        whatever the kind and the amount of white space between words.
    """
    text, origins = _evened(source)
    wanted, _ = _evened(surface)
    starts = occurrences(text, wanted)
    return [(origins[at], origins[at + len(wanted) - 1] + 1) for at in starts]


def squeezed(text: str) -> str:
    """text (str): A text.
    RETURNS (str): The text without its white space.
    """
    return "".join(text.split())


def _evened(text: str) -> tuple[str, list[int]]:
    """The text with one space for any stretch of white space, and where each character stood in it."""
    places = [n for n, c in enumerate(text) if not (c.isspace() and text[n - 1 : n].isspace())]
    return "".join(" " if text[n].isspace() else text[n] for n in places), places
