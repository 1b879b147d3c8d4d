"""Messages that begin with their code."""

from typing import Any


class Coded(type):
    """Puts the code in front of its message, as spaCy does: "[EL001] …"."""

    def __getattribute__(cls, code: str) -> Any:
        message = super().__getattribute__(code)
        return message if code.startswith("__") else f"[{code}] {message}"
