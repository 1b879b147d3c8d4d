"""Choice: an answer that is one of the options given."""

from collections.abc import Callable, Sequence


class Choice:
    """One of several strings; a grammar of its own.

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
        """option (str): One of the options.
        RETURNS (str): The answer that chooses it.
        """
        return option

    @property
    def simpler(self) -> None:
        """RETURNS (None): None: it is as small as it can be."""

    def decision(self, state: int) -> str:
        """state (int): A state.
        RETURNS (str): "": calibration has its own way with options.
        """
        return ""

    def start(self) -> int:
        """RETURNS (int): The state before the answer."""
        return 0

    def options(self, state: int) -> list[tuple[str, int]]:
        """state (int): A state.
        RETURNS (list[tuple[str, int]]): The options, then the end of the turn.
        """
        if state == 0:
            return [(option, 1) for option in self.choices]
        return [("", 2)] if state == 1 else []

    def longest(self, count: Callable[[str], int]) -> int:
        """count (Callable[[str], int]): Counts the tokens of a text.
        RETURNS (int): Tokens of the longest option.
        """
        return max(map(count, self.choices))

    def parse(self, text: str) -> str | None:
        """Read an answer back. Its case and the marks around it do not matter.

        text (str): The answer.
        RETURNS (str | None): The option chosen; None where the answer names none of them or several.
        """
        if text.strip() in self.choices:
            return text.strip()
        answer = text.strip().strip("\"'`*.:;,()[]").casefold()
        folded = {option.casefold(): option for option in reversed(self.choices)}
        if answer in folded:
            return folded[answer]
        longest = max((o for o in folded if answer.startswith(o)), key=len, default=None)
        if longest is None or answer[len(longest) : len(longest) + 1].isalnum():
            return None
        others = [o for o in folded if o in answer[len(longest) :]]
        return None if others else folded[longest]
