"""The option that an answer in free text names."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from spacy_el4ner.formats import Choice

NEGATION = re.compile(r"\b(?:no|not|nor|neither|cannot|\w+n[’']t)\b|[不非没沒無无]", re.IGNORECASE)


@dataclass(frozen=True)
class Occurrence:
    """An occurrence of an option in an answer.

    option (str): The option.
    start (int): Its first character in the answer.
    end (int): One past its last character.
    """

    option: str
    start: int
    end: int


def named_option(options: Sequence[str], text: str) -> str | None:
    """options (Sequence[str]): The options that were offered.
    text (str): An answer in free text.
    RETURNS (str | None): The option that the answer names, alone or as the only one in text without a
        negation; None if it names none or several.
    """
    chosen = Choice(options).parse(text)
    if chosen is not None:
        return chosen
    places = [place for option in options for place in _occurrences(option, text)]
    outer = [p for p in places if not any(_within(p, q) for q in places)]
    if len({place.option for place in outer}) != 1:
        return None
    rest = "".join(" " if any(p.start <= n < p.end for p in outer) else c for n, c in enumerate(text))
    return None if NEGATION.search(rest) else outer[0].option


def _occurrences(option: str, text: str) -> list[Occurrence]:
    """Occurrences of an option as a separate word, regardless of case."""
    return [
        Occurrence(option, m.start(), m.end())
        for m in re.finditer(re.escape(option), text, re.IGNORECASE)
        if not _joined(text[m.start() - 1 : m.start()], m[0][:1])
        and not _joined(m[0][-1:], text[m.end() : m.end() + 1])
    ]


def _joined(left: str, right: str) -> bool:
    """Whether two characters belong to one word. Scripts without case have no spaces between words."""
    return all(c.isdigit() or c == "_" or c.lower() != c.upper() for c in (left, right)) and bool(
        left and right
    )


def _within(inner: Occurrence, outer: Occurrence) -> bool:
    """Whether an occurrence lies within that of another option."""
    return outer.start <= inner.start and inner.end <= outer.end and outer.option != inner.option
