"""The plot of a training's loss."""

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path

from spacy_el4ner.plots import BLUE, YELLOW, saved_figure


def plot(losses: Path, dev: Sequence[float], out: Path) -> None:
    """Plot the loss over the steps, if matplotlib is installed.

    losses (Path): The losses in training: one JSON object per line, one line per step.
    dev (Sequence[float]): The loss on dev after each epoch, in nats.
    out (Path): The PNG file to write.
    """
    if importlib.util.find_spec("matplotlib") is None:
        return
    lines = [json.loads(line) for line in losses.read_text(encoding="utf8").splitlines()]
    ends = {line["epoch"]: line["step"] + 1 for line in lines}
    with saved_figure(out, 7, 4) as axes:
        steps = [line["step"] + 1 for line in lines]
        axes.plot(steps, [line["loss"] for line in lines], color=BLUE, label="train")
        if dev:
            axes.plot([ends[n] for n in range(len(dev))], dev, "o-", color=YELLOW, label="dev")
        axes.set(xlabel="step", ylabel="loss per decision (nats)", yscale="log")
        axes.legend(frameon=False)
