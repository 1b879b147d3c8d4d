"""Where the words of an answer lie in the text that was asked about.

Everything is decided per occurrence and on the characters as they are: nothing is lower-cased (which
would shift offsets after "İ") and nothing is split at white space.
"""

from collections.abc import Sequence
from difflib import SequenceMatcher


def align_plain(
    copy: str, source: str, spans: Sequence[tuple[int, int]]
) -> list[tuple[int, int] | None]:
    """Carry spans of an imperfect copy over to its source.

    copy (str): What the backbone wrote, tags removed.
    source (str): The text it was to copy.
    spans (Sequence[tuple[int, int]]): Character offsets in the copy.
    RETURNS (list[tuple[int, int] | None]): Offsets in the source for each span, None where the
        characters of the span are not found there as they stand and at the same place of the text.
    """
    if not spans:
        return []
    to_source: dict[int, int] = {}
    matcher = SequenceMatcher(None, copy, source, autojunk=False)
    for block in matcher.get_matching_blocks():
        for n in range(block.size):
            to_source[block.a + n] = block.b + n
    aligned: list[tuple[int, int] | None] = []
    for start, end in spans:
        places = [to_source.get(n) for n in range(start, end)]
        first = places[0] if places else None
        whole = first is not None and places == list(range(first, first + len(places)))
        aligned.append((first, first + len(places)) if whole and first is not None else None)
    return aligned


def occurrences(source: str, surface: str) -> list[int]:
    """RETURNS (list[int]): Where each occurrence of `surface` begins in `source`."""
    if not surface:
        return []
    found, at = [], source.find(surface)
    while at >= 0:
        found.append(at)
        at = source.find(surface, at + 1)
    return found
