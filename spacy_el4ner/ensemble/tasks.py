"""Windows with their demonstrations, and candidates laid out by window."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from spacy_el4ner.types import Candidate, Demonstration, Mention, Window

T = TypeVar("T")


@dataclass(frozen=True)
class Task:
    """A window that the voters are asked about.

    window (Window): The window.
    demonstrations (tuple[Demonstration, ...]): Its demonstrations, the most similar one first.
    similarities (tuple[float, ...]): The similarity of each, as the retriever measures it.
    """

    window: Window
    demonstrations: tuple[Demonstration, ...] = ()
    similarities: tuple[float, ...] = ()


class Questions:
    """Candidates laid out by window, as voters are asked about them.

    candidates (Sequence[Candidate]): The candidates, in the order of the text.
    tasks (Sequence[Task]): All windows, those of a document in order.
    """

    def __init__(self, candidates: Sequence[Candidate], tasks: Sequence[Task]):
        at = Places([task.window for task in tasks])
        by_window: dict[int, list[Mention]] = {}
        for c in candidates:
            index = at.window(c.document, c.start)
            start = tasks[index].window.start
            mention = Mention(c.start - start, c.end - start, c.label)
            by_window.setdefault(index, []).append(mention)
        self.windows = [tasks[index].window for index in by_window]
        self.demonstrations = [tasks[index].demonstrations for index in by_window]
        self.mentions = list(by_window.values())

    @property
    def spans(self) -> list[list[tuple[int, int]]]:
        """RETURNS (list[list[tuple[int, int]]]): The spans in each window, without labels."""
        return [[(mention.start, mention.end) for mention in found] for found in self.mentions]


def flat(answers: Iterable[Iterable[T]]) -> list[T]:
    """answers (Iterable[Iterable[T]]): Answers per window.
    RETURNS (list[T]): The same, one per candidate, in the order of the candidates.
    """
    return [answer for found in answers for answer in found]


class Places:
    """Finds the window that a place in a document lies in.

    windows (Sequence[Window]): Windows, those of a document in order.
    """

    def __init__(self, windows: Sequence[Window]):
        self._starts: dict[int, list[int]] = {}
        self._indices: dict[int, list[int]] = {}
        for index, window in enumerate(windows):
            self._starts.setdefault(window.document, []).append(window.start)
            self._indices.setdefault(window.document, []).append(index)

    def window(self, document: int, start: int) -> int:
        """document (int): Index of the document in the batch.
        start (int): A character offset in it.
        RETURNS (int): Index of the window that the character lies in.
        """
        return self._indices[document][bisect_right(self._starts[document], start) - 1]
