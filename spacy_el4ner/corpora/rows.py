"""Lines of a column file split into fields, before their columns are known."""

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from spacy_el4ner.corpora import report as reasons
from spacy_el4ner.corpora.report import ConversionReport
from spacy_el4ner.corpora.schemes import is_prefixed

Fields = list[str]
DOCUMENT_START = "-DOCSTART-"
_GAP = re.compile("[ \t]+")  # Not \s: a token can hold a no-break or an ideographic space.
_MISC_TAG = re.compile(r"(?:^|\|)(?:ner|ne|name|entity|namedentity)=([^|]+)", re.IGNORECASE)
_CONLLU_WIDTH = 10


@dataclass(frozen=True)
class Rows:
    """The lines of a column file.

    blocks (list[list[Fields]]): The fields of each line, by blocks; no block is empty.
    tabbed (bool): Whether tabs separate the fields, rather than any spaces and tabs.
    width (int): The usual number of fields.
    """

    blocks: list[list[Fields]]
    tabbed: bool
    width: int

    def usual(self) -> Iterator[list[Fields]]:
        """YIELDS (list[Fields]): The rows of each block that have the usual number of fields, without
        possible comments; the columns are recognised from these.
        """
        for block in self.blocks:
            yield [row for row in block if len(row) == self.width and not row[0].startswith("#")]


def split_rows(lines: Sequence[str], report: ConversionReport) -> Rows:
    """lines (Sequence[str]): The lines of a file.
    report (ConversionReport): Counts document marks, which end a block.
    RETURNS (Rows): The lines in fields.
    """
    tabbed = _is_tabbed(lines)
    blocks: list[list[Fields]] = [[]]
    for line in lines:
        fields = _split(line, tabbed) if line.strip() else []
        marked = DOCUMENT_START in fields[:2]
        report.repair(reasons.DOCUMENT_MARK, int(marked))
        if fields and not marked:
            blocks[-1].append(fields)
        elif blocks[-1]:
            blocks.append([])
    rows = Rows([block for block in blocks if block], tabbed, 0)
    return _with_misc(Rows(_repaired(rows), tabbed, _usual_width(rows)))


def _is_tabbed(lines: Sequence[str]) -> bool:
    """Whether at least half of the rows have a tab that is not at their end."""
    rows = [line.rstrip() for line in lines if line.strip() and not line.startswith("#")]
    return bool(rows) and 2 * sum("\t" in row for row in rows) >= len(rows)


def _split(line: str, tabbed: bool) -> Fields:
    if not tabbed:
        return _GAP.split(line.strip(" \t"))
    fields = line.split("\t")
    while len(fields) > 1 and not fields[-1].strip():
        fields.pop()
    return fields


def _usual_width(rows: Rows) -> int:
    told = [row for block in rows.blocks for row in block if not row[0].startswith("#")]
    counts = Counter(len(row) for row in told or (row for block in rows.blocks for row in block))
    return max(counts, key=lambda width: (counts[width], width), default=0)


def _repaired(rows: Rows) -> list[list[Fields]]:
    """The blocks, with lines split at spaces where an editor put these for the tabs."""
    if not rows.tabbed:
        return rows.blocks
    width = _usual_width(rows)
    return [[_respaced(row, width) for row in block] for block in rows.blocks]


def _respaced(row: Fields, width: int) -> Fields:
    if len(row) != 1 or width == 1 or row[0].startswith("#"):
        return row
    words = _GAP.split(row[0].strip(" \t"))
    if not (words[-1] == "O" or is_prefixed(words[-1])):
        return row
    if len(words) == width:
        return words
    token, tag = row[0].strip(" \t").rsplit(maxsplit=1) if len(words) > 1 else (row[0], "")
    return [token, tag] if tag and width == 2 else row


def _with_misc(rows: Rows) -> Rows:
    """CoNLL-U rows with the tag of their last column (MISC: "NER=B-PER|SpaceAfter=No") and whether a
    space follows, as two more columns.
    """
    told = [row for block in rows.usual() for row in block]
    if rows.width != _CONLLU_WIDTH or not any(_MISC_TAG.search(row[-1]) for row in told):
        return rows
    blocks = [[_unpacked(row) for row in block] for block in rows.blocks]
    return Rows(blocks, rows.tabbed, rows.width + 2)


def _unpacked(row: Fields) -> Fields:
    if len(row) != _CONLLU_WIDTH:
        return row
    match = _MISC_TAG.search(row[-1])
    return [*row, match[1] if match else "O", "-" if "SpaceAfter=No" in row[-1] else "+"]
