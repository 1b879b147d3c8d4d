"""Texts that no tokenizer and no file takes."""

import re

_SURROGATE = re.compile("[\ud800-\udfff]")


def mended(text: str) -> str:
    """RETURNS (str): The text with U+FFFD for each half of a surrogate pair; its length stays."""
    return _SURROGATE.sub("\ufffd", text)
