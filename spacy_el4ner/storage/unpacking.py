"""A limit on what a small compressed file may unpack to."""

import zlib
from pathlib import Path

from spacy_el4ner.errors import EL4NERValueError, Errors

ALWAYS = 64 * 2**20
"""Bytes that any file may unpack to."""
RATIO = 100
"""How many times its size a larger file may unpack to. Documents reach about a tenth of this, zeros ten
times as much.
"""
MOST_DENSE = 1032
"""Bytes that zlib can pack into one."""
STEP = 2**20


def check_size(data: bytes, path: Path) -> None:
    """data (bytes): The content of a file that zlib packed.
    path (Path): The file, for the message.
    RAISES (ValueError): EL314, it unpacks to more than its size explains. Damaged data passes, because
        whoever unpacks it says so.
    """
    limit = max(ALWAYS, RATIO * len(data))
    if len(data) * MOST_DENSE < limit:
        return
    unpack, rest, size = zlib.decompressobj(), data, 0
    try:
        while rest and not unpack.eof and size <= limit:
            size += len(unpack.decompress(rest, STEP))
            rest = unpack.unconsumed_tail
    except zlib.error:
        return
    if size > limit:
        shown = limit // 2**20
        raise EL4NERValueError(Errors.EL314.format(path=path, packed=len(data), limit=shown))
