"""Progress bars."""

from collections.abc import Iterable

from tqdm import tqdm


def steps_bar(steps: Iterable[int], title: str) -> Iterable[int]:
    """RETURNS (Iterable[int]): Training steps that show how far they are."""
    bar: Iterable[int] = tqdm(steps, desc=f"Training {title}", unit="step")
    return bar
