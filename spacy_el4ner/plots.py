"""The set-up of matplotlib: one look for all plots, and no window or global state."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERImportError, Errors

BLUE, YELLOW, GREY = "#1b6ca8", "#d9a441", "#9aa5b1"


@contextmanager
def saved_figure(
    out: Path, width: float, height: float, columns: int = 1, **settings: Any
) -> Iterator[Any]:
    """A figure that is saved at the end of the block; after an error nothing is saved.

    out (Path): The PNG file to write.
    width (float), height (float): Size of the figure, in inches.
    columns (int): Number of axes, side by side.
    settings (Any): Further arguments of `Figure.subplots`, such as `sharey`.
    YIELDS (Axes): The axes to draw on; an array of them where there are several columns.
    RAISES (ImportError): EL013, matplotlib is not installed.
    """
    try:
        from matplotlib.figure import Figure
    except ImportError as error:
        raise EL4NERImportError(Errors.EL013) from error
    # Without pyplot, which would choose a backend that may need a display and keep the figure.
    figure = Figure(figsize=(width, height), layout="tight")
    axes = figure.subplots(1, columns, **settings)
    for each in figure.axes:
        each.spines[["top", "right"]].set_visible(False)
    yield axes
    figure.savefig(out, dpi=150)


def bars_of_f1(
    out: Path, rows: Sequence[tuple[str, float, str]], reference: float, corpus: str
) -> None:
    """Draw one horizontal bar a row.

    out (Path): The PNG file to write.
    rows (Sequence[tuple[str, float, str]]): Name, F1 (0 to 1) and colour of each bar, from the top.
    reference (float): The F1 at which a dotted line is drawn.
    corpus (str): Name of the corpus, for the axis.
    """
    names, values, colours = zip(*rows, strict=True)
    with saved_figure(out, 8, 0.4 * len(rows) + 1) as axes:
        axes.bar_label(axes.barh(names, values, color=colours), fmt="%.3f", padding=3)
        axes.invert_yaxis()
        axes.set_xlim(0, 1)
        axes.set_xlabel(f"entity F1 on {corpus}")
        axes.axvline(reference, color=BLUE, linewidth=0.8, linestyle=":")
