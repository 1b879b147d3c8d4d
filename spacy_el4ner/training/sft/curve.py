"""The curve of the loss as a picture, where matplotlib is installed."""

import importlib.util
import json
from collections.abc import Sequence
from pathlib import Path


def plot(losses: Path, dev: Sequence[float], out: Path) -> None:
    """losses (Path): One JSON object a line, a line a step.
    dev (Sequence[float]): The loss on dev after each epoch.
    out (Path): The PNG.
    """
    if importlib.util.find_spec("matplotlib") is None:
        return
    from matplotlib.figure import Figure

    lines = [json.loads(line) for line in losses.read_text(encoding="utf8").splitlines()]
    ends = {line["epoch"]: line["step"] + 1 for line in lines}
    figure = Figure(figsize=(7, 4), layout="constrained")
    axes = figure.subplots()
    axes.plot([line["step"] + 1 for line in lines], [line["loss"] for line in lines], label="train")
    if dev:
        axes.plot([ends[n] for n in range(len(dev))], dev, "o-", label="dev")
    axes.set(xlabel="step", ylabel="loss a decision (nats)", yscale="log")
    axes.legend()
    figure.savefig(out, dpi=120)
