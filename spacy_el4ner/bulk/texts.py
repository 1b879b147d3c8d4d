"""Repair of texts that tokenizers and files reject."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def mended(text: str) -> str:
    """text (str): A text.
    RETURNS (str): The text with U+FFFD for each half of a surrogate pair; its length stays.
    """
    return _SURROGATE.sub("\ufffd", text)
