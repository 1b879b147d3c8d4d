"""Layout of a column file: which column holds the words, which the tags, and in which scheme."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from spacy_el4ner.corpora.options import SPACE_AFTER, TAG, WORD, ReadOptions
from spacy_el4ner.corpora.rows import Fields, Rows
from spacy_el4ner.corpora.schemes import (
    TaggingScheme,
    is_bare,
    is_outside,
    is_prefixed,
    prefixed_label,
    recognise,
)
from spacy_el4ner.corpora.tagsets import CHUNKS, PARTS_OF_SPEECH

Column = list[list[str]]
"""The values of a column, by blocks."""
_NUMBER = re.compile(r"\d[\d.,:-]*")
_COUNTING = re.compile(r"\d+([-.]\d+)?")


TELLING = 4
"""Minimum number of rows to recognise a column from its content."""


class LayoutError(Exception):
    """The reason why the columns cannot be recognised, worded for the user."""


@dataclass(frozen=True)
class Layout:
    """The meaning of the columns of a file.

    width (int): The usual number of columns.
    word (int), tag (int): Number of the column with words and of that with tags, from 0.
    scheme (TaggingScheme): The scheme of the tags.
    tags (frozenset[str]): The tags that occur in rows of the usual width.
    space (int | None): The column that says by + or - whether a space follows.
    index (int | None): The column that counts the tokens.
    """

    width: int
    word: int
    tag: int
    scheme: TaggingScheme
    tags: frozenset[str]
    space: int | None = None
    index: int | None = None

    def is_tag(self, field: str) -> bool:
        """field (str): A field of a row.
        RETURNS (bool): Whether it can stand in the column of tags.
        """
        return field in self.tags or is_outside(field) or is_prefixed(field)

    def describe(self) -> str:
        """RETURNS (str): The layout, for people, columns from 1."""
        return f"column {self.word + 1} words, column {self.tag + 1} tags ({self.scheme.title})"


def find_layout(rows: Rows, options: ReadOptions) -> Layout:
    """rows (Rows): The rows of a file.
    options (ReadOptions): What the user says about columns, scheme and label.
    RETURNS (Layout): Its layout, as the user says it or as the content shows it.
    RAISES (LayoutError): If the content does not show it, or contradicts the user.
    """
    usual = list(rows.usual())
    columns = [[[row[n].strip() for row in block] for block in usual] for n in range(rows.width)]
    columns = [_named(column, options) for column in columns]
    finder = _Finder(columns, options)
    if options.columns:
        word, tag, space = _forced(options.columns, rows.width)
    else:
        tag = finder.tag()
        word = finder.word(tag)
        space = finder.space({word, tag})
    tags = frozenset(value for block in columns[tag] for value in block)
    index = next((n for n in range(min(word, tag)) if _counts(columns[n])), None)
    return Layout(rows.width, word, tag, finder.scheme(tag), tags, space, index)


def _forced(roles: Sequence[str], width: int) -> tuple[int, int, int | None]:
    word, tag = roles.index(WORD), roles.index(TAG)
    if max(word, tag) >= width:
        raise LayoutError(f"most lines have {width} columns and --columns names {len(roles)}")
    return word, tag, roles.index(SPACE_AFTER) if SPACE_AFTER in roles[:width] else None


def _named(column: Column, options: ReadOptions) -> Column:
    """The column with names for its numbers, if the user gave them."""
    if not options.tag_names or not all(v in options.tag_names for v in _values(column)):
        return column
    return [[options.tag_names[value] for value in block] for block in column]


@dataclass(frozen=True)
class _Finder:
    """Tells columns by their values."""

    columns: Sequence[Column]
    options: ReadOptions

    def scheme(self, tag: int) -> TaggingScheme:
        """The scheme of a column that is known to hold tags."""
        name, label = self.options.scheme, self.options.label
        if name == "bare" and not label:
            raise LayoutError("the tags have no label; give it with --label NAME")
        if name:
            return TaggingScheme("bio" if name == "iob2" else name, label)
        scheme = self._scheme(tag)
        if scheme is None:
            raise LayoutError(_tags_unknown(self.columns[tag]))
        return scheme

    def tag(self) -> int:
        """The column with the tags."""
        schemes = {n: scheme for n in range(len(self.columns)) if (scheme := self._scheme(n))}
        tagged = [n for n in schemes if self._marked(n)]
        strong = [n for n in tagged if schemes[n].name not in ("io", "bare")]
        blank = [n for n in schemes if n not in tagged]
        if len(schemes) > 1:
            strong = [n for n in strong if not _is_chunks(self.columns[n])]
        if strong and (not _is_chunks(self.columns[strong[0]]) or self._explains(strong[0])):
            return self._outer(strong)
        weak = [n for n in tagged if schemes[n].name in ("io", "bare")]
        if len(weak) == 1:
            return weak[0]
        if blank and not self._bare() and self._explains(blank[-1]):
            return blank[-1]
        raise LayoutError(self._no_tags())

    def word(self, tag: int) -> int:
        """The column with the words, given that with the tags."""
        all_others = others = [n for n in range(len(self.columns)) if n != tag]
        for is_other in (_is_sign, _is_numbers, _is_tags, _is_constant, _is_pos):
            remaining = [n for n in others if not is_other(self.columns[n])]
            others = remaining or others
        others = self._varied(others) or others
        if not others or (len(all_others) > 1 and _is_numbers(self.columns[others[0]])):
            raise LayoutError("no column holds words")
        # A column that is another one in lower case holds lemmas, even where the words look like tags.
        lemmas = self.columns[others[0]]
        others = [
            n for n in all_others if n < others[0] and _lowered(self.columns[n]) == lemmas
        ] or others
        first = self.columns[others[0]]
        left = [n for n in all_others if n < others[0] and _is_tags(self.columns[n])]
        few = len(_values(first)) < TELLING
        numbers = sum(_is_numbers(self.columns[n]) for n in all_others)
        mute = (few and numbers > 1) or not any(map(str.isalpha, "".join(_values(first))))
        scheme = self._scheme(tag)
        # Labels without prefix are like words: with "O" among those, and none or "0" among the tags.
        unsure = others[0] > tag or not {"O", "o"} & set(_values(self.columns[tag]))
        plain = scheme is not None and scheme.name == "io" and unsure and "O" in _values(first)
        if plain or _is_tags(first) or self._scheme(others[0]) is not None:
            raise LayoutError(f"column {others[0] + 1} may hold words or tags")
        if len(all_others) > 1 and (_is_pos(first) or mute or (few and left)):
            raise LayoutError(f"column {others[0] + 1} may hold words or tags")
        lower = [n for n in others if any(map(str.islower, _values(self.columns[n])))]
        if len(others) > 1 and lower and others[0] not in lower and _is_upper(first):
            raise LayoutError(f"column {others[0] + 1} or column {lower[0] + 1} may hold the words")
        return others[0]

    def space(self, taken: set[int]) -> int | None:
        """The column that says whether a space follows."""
        signs = [n for n, column in enumerate(self.columns) if n not in taken and _is_sign(column)]
        return signs[-1] if signs else None

    def _scheme(self, n: int) -> TaggingScheme | None:
        return recognise(self.columns[n], self.options.label)

    def _marked(self, n: int) -> int:
        return sum(not is_outside(value) for value in _values(self.columns[n]) if value)

    def _outer(self, tagged: Sequence[int]) -> int:
        """The column with the outer layer of tags, which has more entities than the others."""
        first, *others = sorted(tagged)
        if any(self._marked(n) >= self._marked(first) for n in others):
            names = " and ".join(str(n + 1) for n in (first, *others))
            raise LayoutError(
                f"the columns {names} all contain tags, and none is clearly the outer layer"
            )
        return first

    def _explains(self, tag: int) -> bool:
        """Whether a column of nothing but O can be the column of tags: no column besides the words may
        consist of labels.
        """
        others = [n for n in range(len(self.columns)) if n != tag and not _is_numbers(self.columns[n])]
        if others and others[0] > tag:
            return len(self.columns) == 2 and len(_values(self.columns[tag])) >= TELLING
        return all(_is_no_label(self.columns[n]) for n in others[1:])

    def _varied(self, others: Sequence[int]) -> list[int]:
        """Columns that are not the same throughout each block, as the name of a document is."""
        blocks = [n for n, block in enumerate(self.columns[0]) if len(block) > 1]
        return [n for n in others if any(len(set(self.columns[n][b])) > 1 for b in blocks)]

    def _bare(self) -> list[int]:
        return [n for n, column in enumerate(self.columns) if _is_bare(column)]

    def _no_tags(self) -> str:
        if self._bare():
            return "the tags have no label (B, I, O alone); give it with --label NAME"
        numbers = [n for n, c in enumerate(self.columns) if _is_numbers(c) and not _counts(c)]
        if numbers:
            name = numbers[-1] + 1
            return f"column {name} holds numbers; give their names in order with --tag-names O,B-PER,…"
        return "no column holds tags of a known scheme, such as O and B-PER"


def _values(column: Column) -> list[str]:
    return [value for block in column for value in block]


def _is_tags(column: Column) -> bool:
    return all(value == "O" or is_prefixed(value) for value in _values(column) if value)


def _is_no_label(column: Column) -> bool:
    values = _values(column)
    varied = len(values) >= TELLING and 2 * len(set(values)) > len(values)
    marks = set(values) <= {"+", "-", "_", ""}
    return varied or marks or _is_tags(column) or _is_pos(column)


def _lowered(column: Column) -> Column:
    return [[value.lower() for value in block] for block in column]


def _is_numbers(column: Column) -> bool:
    return all(_NUMBER.fullmatch(value) for value in _values(column))


def _counts(column: Column) -> bool:
    """Whether a column counts the tokens of each block by ones, from 0 or 1."""
    for block in column:
        whole = [int(value) for value in block if value.isdecimal()]
        if not all(map(_COUNTING.fullmatch, block)) or not whole or whole[0] > 1:
            return False
        if whole != list(range(whole[0], whole[0] + len(whole))):
            return False
    return any(len(block) > 1 for block in column)


def _is_constant(column: Column) -> bool:
    values = _values(column)
    return len(values) > 1 and len(set(values)) == 1


def _is_sign(column: Column) -> bool:
    values = set(_values(column))
    return "+" in values and values <= {"+", "-"}


def _is_pos(column: Column) -> bool:
    values = set(_values(column))
    return values <= PARTS_OF_SPEECH and any(map(str.isalpha, values))


def _is_upper(column: Column) -> bool:
    return all(value == value.upper() for value in _values(column))


def _is_bare(column: Column) -> bool:
    values = set(_values(column)) - {""}
    return bool(values - {"O"}) and "O" in values and all(v == "O" or is_bare(v) for v in values)


def _is_chunks(column: Column) -> bool:
    labels = {prefixed_label(value) for value in _values(column) if not is_outside(value)}
    return labels <= CHUNKS


def _tags_unknown(column: Column) -> str:
    sample = ", ".join(sorted(set(_values(column)))[:8])
    return f"the tags follow an unknown scheme ({sample}); name it with --scheme"


def sample_row(rows: Rows) -> str:
    """rows (Rows): The rows of a file.
    RETURNS (str): The first row of the usual width, for the user.
    """
    usual: list[Fields] = [row for block in rows.usual() for row in block]
    row = next(iter(usual), rows.blocks[0][0] if rows.blocks else [])
    return " | ".join(field[:40] for field in row[:14])
