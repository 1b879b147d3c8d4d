"""Offsets as JavaScript counts them: in units of UTF-16, of which an emoji has two."""

from bisect import bisect_left
from itertools import accumulate


class Units:
    """Conversion between code points and units of UTF-16.

    text (str): The text that the offsets are in.
    """

    def __init__(self, text: str):
        self._at = [0, *accumulate(1 + (ord(character) > 0xFFFF) for character in text)]

    def of(self, offset: int) -> int:
        """offset (int): A place in the text, in characters as Python counts them, code points.
        RETURNS (int): The same in units of UTF-16.
        """
        return self._at[offset]

    def character(self, unit: int) -> int | None:
        """unit (int): A place in the text, in units of UTF-16.
        RETURNS (int | None): The same in code points; None where it is in the middle of one, or
            outside the text.
        """
        if not 0 <= unit <= self._at[-1]:
            return None
        found = bisect_left(self._at, unit)
        return found if self._at[found] == unit else None
