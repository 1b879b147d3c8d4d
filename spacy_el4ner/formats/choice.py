"""Choice: the answer is one of the options given."""

from collections.abc import Sequence


class Choice:
    """One of several strings.

    options (Sequence[str]): The strings, all different.
    """

    name = "choice"

    def __init__(self, options: Sequence[str]):
        self.choices = tuple(options)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Choice) and self.choices == other.choices

    def __hash__(self) -> int:
        return hash(self.choices)

    def render(self, option: str) -> str:
        """RETURNS (str): The answer that chooses `option`."""
        return option

    def start(self) -> int:
        return 0

    def options(self, state: int) -> list[tuple[str, int]]:
        if state == 0:
            return [(option, 1) for option in self.choices]
        return [("", 2)] if state == 1 else []

    def parse(self, text: str) -> str | None:
        """Read an answer back, taking the case and the marks around it lightly.

        text (str): The answer.
        RETURNS (str | None): The option chosen; None where the answer names none of them or several.
        """
        if text.strip() in self.choices:
            return text.strip()
        said = text.strip().strip("\"'`*.:;,()[]").casefold()
        folded = {option.casefold(): option for option in reversed(self.choices)}
        if said in folded:
            return folded[said]
        longest = max((o for o in folded if said.startswith(o)), key=len, default=None)
        if longest is None or said[len(longest) : len(longest) + 1].isalnum():
            return None
        others = [o for o in folded if o in said[len(longest) :]]
        return None if others else folded[longest]
