"""Progress of trainings, as the callbacks that the trainings take."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager

from spacy_el4ner.progress import Progress, track


def steps_bar(steps: Iterable[int], title: str) -> Iterable[int]:
    """steps (Iterable[int]): Numbers of the training steps.
    title (str): Name of what is trained.
    RETURNS (Iterable[int]): The same steps; going over them shows their progress.
    """
    return track(steps, f"Training {title}", unit="steps")


@contextmanager
def loss_bar(title: str) -> Iterator[Callable[[int, int, float], None]]:
    """title (str): What is being done.
    YIELDS (Callable[[int, int, float], None]): To be called with the number of all steps, the number of
        steps done and the loss of the last one.
    """
    with ExitStack() as stack:
        bars: list[Progress] = []

        def show(steps: int, done: int, loss: float) -> None:
            if not bars:
                # What an interrupted run has done does not count as speed.
                bars.append(stack.enter_context(Progress(title, steps, unit="steps", done=done - 1)))
            (bar,) = bars
            bar.note = f"loss {loss:.4f}"
            bar.update(done - bar.done)

        yield show
