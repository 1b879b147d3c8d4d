"""The steps of tuning: choices, their effects, and the table of both."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

HEADER = ("step", "voter", "measure", "without", "with", "choice")


@dataclass(frozen=True)
class Step:
    """A choice, and its effect on sentences that it was not fitted to.

    name (str): The step, such as "offsets".
    voter (str): The voter that it concerns; "" for the ensemble.
    measure (str): Name of the measure, such as "F1 of starts".
    without (float | None): The measure without it; None where it could not be measured.
    with_ (float | None): The measure with it.
    choice (str): The choice, in words.
    """

    name: str
    voter: str
    measure: str
    without: float | None
    with_: float | None
    choice: str

    def to_dict(self) -> dict[str, Any]:
        """RETURNS (dict[str, Any]): Plain data."""
        plain = asdict(self)
        plain["with"] = plain.pop("with_")
        return plain


def rows(steps: Sequence[dict[str, Any]]) -> list[tuple[str, ...]]:
    """steps (Sequence[dict[str, Any]]): Steps as plain data.
    RETURNS (list[tuple[str, ...]]): The cells of each, columns as in `HEADER`.
    """
    return [
        (
            step["name"],
            step["voter"] or "ensemble",
            step["measure"],
            _number(step["without"]),
            _number(step["with"]),
            step["choice"],
        )
        for step in steps
    ]


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"
