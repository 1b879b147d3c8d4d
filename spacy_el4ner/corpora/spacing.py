"""Scripts that are written without spaces between words."""

import re
from collections.abc import Sequence

# Han, kana and the punctuation that goes with them, but not Hangul, which is written with spaces; Thai,
# Lao, Tibetan, Burmese, Khmer, and the Tai scripts.
_UNSPACED = re.compile(
    "[\u2e80-\u312f\u3190-\u9fff\uf900-\ufaff\ufe30-\ufe4f\uff00-\uff9f\U00020000-\U0003ffff"
    "\u0e00-\u0eff\u0f00-\u0fff\u1000-\u109f\ua9e0-\ua9ff\uaa60-\uaa7f\u1780-\u17ff\u19e0-\u19ff"
    "\u1950-\u19df\u1a20-\u1aaf\uaa80-\uaadf]"
)


def is_unspaced(words: Sequence[str]) -> bool:
    """words (Sequence[str]): The tokens of a text.
    RETURNS (bool): Whether most of them are in scripts written without spaces.
    """
    return sum(1 for word in words if _UNSPACED.search(word)) * 2 > len(words)
