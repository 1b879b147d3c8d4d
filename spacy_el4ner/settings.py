"""Fields of settings dataclasses that describe themselves, for the options of commands."""

from dataclasses import field
from typing import Any, TypeVar

T = TypeVar("T")


def setting(
    default: T, help: str, *names: str, min: float | None = None, max: float | None = None
) -> T:
    """A field of a settings dataclass that a command offers as an option.

    default (T): The value of the field if no other is given.
    help (str): The help text of the option.
    names (str): Names of the option, such as "--k" and "-k"; none for the name of the field.
    min (float | None), max (float | None): The range of values that the option accepts.
    RETURNS (T): The field, typed as its default so that type checkers accept it.
    """
    described: Any = field(
        default=default, metadata={"help": help, "names": names, "min": min, "max": max}
    )
    value: T = described
    return value
