"""Text and tables for the terminal."""

import textwrap
from collections.abc import Sequence
from typing import Any

from wasabi.tables import table

from spacy_el4ner.explain.words import marked, number

LONGEST = 32
"""Characters of a span in a table."""


def columns(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """header (tuple[str, ...]): Column titles.
    rows (Sequence[tuple[str, ...]]): Cells.
    RETURNS (str): An indented table; "none" if it has no rows.
    """
    if not rows:
        return "  none"
    made = table(rows, header=header, divider=True, max_col=60)
    return textwrap.indent(made.strip("\n"), "  ")


def short(entity: dict[str, Any]) -> str:
    """entity (dict[str, Any]): An entity of the explanation.
    RETURNS (str): Its text, shortened to `LONGEST` characters.
    """
    return textwrap.shorten(entity["text"], LONGEST, placeholder=" …")


def wrapped(text: str, width: int, first: str = "  ", rest: str | None = None) -> str:
    """text (str): Text.
    width (int): Columns.
    first (str): Indentation of the first line.
    rest (str | None): Indentation of the other lines; None for that of the first.
    RETURNS (str): The wrapped and indented text.
    """
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=first if rest is None else rest
    )


def demonstration_line(demonstration: dict[str, Any], remark: str, width: int) -> str:
    """demonstration (dict[str, Any]): A demonstration of the explanation.
    remark (str): A remark after its id, or "".
    width (int): Columns.
    RETURNS (str): Its similarity, id and text with entities in brackets, wrapped and indented.
    """
    text = marked(demonstration["text"], demonstration["entities"])
    line = f"{number(demonstration['similarity'])}  {demonstration['id']}{remark}: {text}"
    return wrapped(line, width, "  ", "        ")
