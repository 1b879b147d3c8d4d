"""Text and tables for the terminal."""

import textwrap
from collections.abc import Sequence
from typing import Any

from wasabi.tables import table

LONGEST = 32
"""Characters of a span in a table."""


def columns(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    """RETURNS (str): A table, indented; "none" where it has no rows."""
    if not rows:
        return "  none"
    made = table(rows, header=header, divider=True, max_col=60)
    return textwrap.indent(made.strip("\n"), "  ")


def short(entity: dict[str, Any]) -> str:
    """RETURNS (str): The text of an entity, cut where it is long."""
    return textwrap.shorten(entity["text"], LONGEST, placeholder=" …")


def wrapped(text: str, width: int, first: str = "  ", rest: str | None = None) -> str:
    """RETURNS (str): The text in lines of a width, the first and the others indented."""
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=first if rest is None else rest
    )
