"""The metadata of a GGUF file: settings of the model, vocabulary of the tokenizer, chat template.

The package gguf makes a numpy array of every list entry, which takes a minute for a vocabulary of
262,144 tokens; plain Python values take a second.
"""

import mmap
import struct
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors

MAGIC = b"GGUF"
VERSIONS = (2, 3)
STRING, ARRAY = 8, 9
NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}
"""Type of a value -> its letter in `struct`."""


def read_metadata(path: Path) -> dict[str, Any]:
    """path (Path): A GGUF file.
    RETURNS (dict[str, Any]): Its keys, such as "tokenizer.ggml.tokens", and their values: numbers,
        strings and lists.
    RAISES (EL4NERValueError): EL279, it is not a GGUF file, or is truncated.
    """
    try:
        with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as data:
            return _Reader(data).metadata()
    except (struct.error, ValueError, KeyError) as error:
        problem = f"its metadata cannot be read: {error}"
        raise EL4NERValueError(Errors.EL279.format(path=path, problem=problem)) from error


class _Reader:
    """Reads the values of a GGUF file in sequence.

    data (mmap.mmap): The file.
    """

    def __init__(self, data: mmap.mmap):
        self.data = data
        self.at = 0

    def metadata(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): All keys with their values."""
        if self._take(4) != MAGIC:
            raise ValueError("it does not begin with GGUF")
        version = self._number("I")
        if version not in VERSIONS:
            raise ValueError(f"version {version}")
        self._number("Q")  # number of tensors
        return {self._string(): self._value(self._number("I")) for _ in range(self._number("Q"))}

    def _take(self, size: int) -> bytes:
        piece = self.data[self.at : self.at + size]
        if len(piece) != size:
            raise ValueError("it is truncated")
        self.at += size
        return piece

    def _number(self, letter: str) -> Any:
        return self._numbers(letter, 1)[0]

    def _numbers(self, letter: str, n: int) -> tuple[Any, ...]:
        layout = f"<{n}{letter}"
        return struct.unpack(layout, self._take(struct.calcsize(layout)))

    def _string(self) -> str:
        return self._take(self._number("Q")).decode("utf8", errors="replace")

    def _value(self, kind: int) -> Any:
        if kind == STRING:
            return self._string()
        if kind != ARRAY:
            return self._number(NUMBERS[kind])
        item, n = self._number("I"), self._number("Q")
        if item in NUMBERS:
            return list(self._numbers(NUMBERS[item], n))
        return [self._value(item) for _ in range(n)]
