"""Fitting a prompt into the context of a model, for both methods.

Where a prompt is too long, demonstrations are dropped, the least similar one first, and then the window
is cut into parts. Both are counted.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from spacy_el4ner.text import windows
from spacy_el4ner.types import Demonstration, Window

ANSWER_MARGIN = 16
"""Tokens kept free after the prompt and its longest answer. A count is made piece by piece, so that
control tokens and merges at the seams can add a few. (The two methods used to keep 16 and 8 free; the
larger value is safe for both.)"""

TokensNeeded = Callable[[Window, Sequence[Demonstration]], int]
"""Tokens of the longest prompt about a window with these demonstrations, and of its longest answer."""


@dataclass(frozen=True)
class PromptPlan:
    """A prompt planned for a window.

    window (Window): The whole window, or a part of it.
    demonstrations (tuple[Demonstration, ...]): The demonstrations in the order of the prompt.
    dropped (int): Demonstrations left out for lack of room.
    cut (bool): Whether `window` is a part, because the whole did not fit.
    unread (bool): Whether `window` is a single token that does not fit either, which no model is asked
        about.
    """

    window: Window
    demonstrations: tuple[Demonstration, ...] = ()
    dropped: int = 0
    cut: bool = False
    unread: bool = False


def fits(
    window: Window, demonstrations: Sequence[Demonstration], needed: TokensNeeded, context: int
) -> bool:
    """window (Window): A window.
    demonstrations (Sequence[Demonstration]): The demonstrations shown with it.
    needed (TokensNeeded): Counts the tokens.
    context (int): Tokens that a prompt and its answer may have together.
    RETURNS (bool): Whether the prompt, its longest answer and the margin fit into the context.
    """
    return needed(window, demonstrations) + ANSWER_MARGIN <= context


def fit(
    window: Window,
    demonstrations: Sequence[Demonstration],
    needed: TokensNeeded,
    context: int,
    *,
    most_similar_last: bool = True,
) -> list[PromptPlan]:
    """Plan the prompts about a window.

    window (Window): The window.
    demonstrations (Sequence[Demonstration]): Its demonstrations, the most similar one first.
    needed (TokensNeeded): Counts the tokens.
    context (int): Tokens that a prompt and its answer may have together.
    most_similar_last (bool): Show the most similar demonstration last, next to the sentence (our
        choice; the papers leave it open).
    RETURNS (list[PromptPlan]): One plan, or one for each part where the window had to be cut.
    """
    for kept in range(len(demonstrations), -1, -1):
        shown = tuple(demonstrations[:kept])
        shown = shown[::-1] if most_similar_last else shown
        if fits(window, shown, needed, context):
            return [PromptPlan(window, shown, len(demonstrations) - kept)]
    parts = windows.split(window, lambda part: fits(part, (), needed, context))
    return [
        PromptPlan(
            part,
            dropped=0 if n else len(demonstrations),
            cut=True,
            unread=len(part.tokens) == 1 and not fits(part, (), needed, context),
        )
        for n, part in enumerate(parts)
    ]
