"""What one backbone reads of one window: the part that its context has room for, and demonstrations.

All stages of a window share it, so that their prompts share a prefix. Where the room is too small,
demonstrations go first, the least similar one at a time, and then the window is cut; both are counted.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from spacy_el4ner import windows
from spacy_el4ner.backends.base import Backbone, Backend
from spacy_el4ner.errors import Errors
from spacy_el4ner.types import Demonstration, Mention, Window

ANSWER_MARGIN = 16
"""Tokens kept free beside the tagged copy and the longest option."""
SHORTEST = Window("x", 0, ((0, 1),))
"""What a backbone that is of any use can read."""


@dataclass(frozen=True)
class Task:
    """A window and its demonstrations in the order of the prompt.

    window (Window): The window.
    shots (tuple[Demonstration, ...]): The most similar one first.
    similarities (tuple[float, ...]): Of each of them, as the retriever measures it.
    """

    window: Window
    shots: tuple[Demonstration, ...] = ()
    similarities: tuple[float, ...] = ()


@dataclass(frozen=True)
class Reading:
    """backbone (Backbone): Who reads.
    window (Window): The whole window, or a part of it.
    shots (tuple[Demonstration, ...]): Demonstrations as laid out in the prompt.
    dropped (int): Demonstrations that there was no room for.
    cut (bool): Whether it is a part.
    unread (bool): Whether it is a single token that there is no room for, about which nobody is asked.
    """

    backbone: Backbone
    window: Window
    shots: tuple[Demonstration, ...] = ()
    dropped: int = 0
    cut: bool = False
    unread: bool = False


@dataclass(frozen=True)
class Setting:
    """What stays the same over a batch.

    labels (Mapping[str, str]): Label -> description.
    most_similar_last (bool): Lay demonstrations out so that the most similar stands next to the
        sentence (our choice; the paper leaves it open).
    """

    labels: Mapping[str, str] = field(default_factory=dict)
    most_similar_last: bool = True


def read(backbone: Backbone, task: Task, setting: Setting) -> list[Reading]:
    """backbone (Backbone): Who is to read.
    task (Task): What is to be read.
    setting (Setting): Labels and order.
    RETURNS (list[Reading]): One reading, or several where the window had to be cut.
    RAISES (ValueError): There is no room even for the shortest token.
    """
    for kept in range(len(task.shots), -1, -1):
        shots = _ordered(task.shots[:kept], setting)
        if fits(backbone, task.window, shots, setting):
            return [Reading(backbone, task.window, shots, len(task.shots) - kept)]
    parts = windows.split(task.window, lambda part: fits(backbone, part, (), setting))
    unread = [len(p.tokens) == 1 and not fits(backbone, p, (), setting) for p in parts]
    if any(unread) and (needed := room_needed(backbone, SHORTEST, (), setting)) > (
        context := backbone.backend.context
    ):
        raise ValueError(Errors.EL005.format(name=backbone.name, context=context, needed=needed))
    dropped = [len(task.shots), *[0] * (len(parts) - 1)]
    return [
        Reading(backbone, part, (), n, True, too_long)
        for part, n, too_long in zip(parts, dropped, unread, strict=True)
    ]


def fits(backbone: Backbone, window: Window, shots: Sequence[Demonstration], setting: Setting) -> bool:
    """RETURNS (bool): Whether every stage's prompt and answer fit the context."""
    return room_needed(backbone, window, shots, setting) <= backbone.backend.context


def room_needed(
    backbone: Backbone, window: Window, shots: Sequence[Demonstration], setting: Setting
) -> int:
    """RETURNS (int): Tokens of the longest prompt about this window, its answer included."""
    backend, wording = backbone.backend, backbone.wording
    labels = setting.labels
    # Word by word, as it is written: together they can be fewer, as a long run of emoji is "[UNK]".
    copy = sum(backend.count(space + token) for space, token in window.pieces)
    opening, closing = "<e>", "</e>"
    tags = (backend.count(opening) + backend.count(closing)) * len(window.tokens)
    extraction = (
        backend.count_prompt(wording.extraction(window, shots, labels)) + copy + min(copy, tags)
    )
    if not labels:
        return extraction + ANSWER_MARGIN
    # A mention, whoever proposed it, and the words around it are no more than the window.
    whole = Mention(0, len(window.text))
    questions = [
        wording.classification(window, shots, labels, whole),
        *(
            wording.verification(window, shots, labels, replace(whole, label=label))
            for label in _longest(backend, labels)
        ),
    ]
    option = max(backend.count(o) for o in wording.options(labels))
    # A mention within cuts what the tokenizer takes together, such as that run of emoji.
    uncut = max(0, copy - backend.count(window.text))
    choice = max(backend.count_prompt(q) for q in questions) + uncut + option
    return max(extraction, choice) + ANSWER_MARGIN


def _longest(backend: Backend, labels: Mapping[str, str]) -> set[str]:
    """The labels with which a question is the longest: by name alone, and with the description."""
    names = {label: backend.count(label) for label in labels}
    described = {label: names[label] + backend.count(labels[label]) for label in labels}
    return {max(names, key=names.__getitem__), max(described, key=described.__getitem__)}


def _ordered(shots: Sequence[Demonstration], setting: Setting) -> tuple[Demonstration, ...]:
    return tuple(reversed(shots)) if setting.most_similar_last else tuple(shots)
