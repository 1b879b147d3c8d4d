"""Where a training run stands, on disk: written to a temporary folder, then renamed."""

import json
import os
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from spacy_el4ner.training.sft.average import Average
from spacy_el4ner.training.sft.weights import read_weights, trainable

NAME = "checkpoint"


def save(
    folder: Path,
    state: dict[str, Any],
    model: torch.nn.Module,
    optimizer: Any,
    average: Average | None = None,
) -> None:
    """folder (Path): Of the run. The checkpoint before is removed once this one is complete.
    state (dict[str, Any]): Plain data; its "step" names the checkpoint.
    model (Module): Its trainable weights are kept.
    optimizer (Optimizer): Its state is kept.
    average (Average | None): The mean of the weights, if there is one.
    """
    partial, whole = folder / f".{NAME}.partial", folder / f"{NAME}-{state['step']:08d}"
    if whole.is_dir():
        return
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(parents=True)
    save_file(trainable(model), partial / "weights.safetensors")
    moments = {
        f"{number}.{key}": value.detach().contiguous()
        for number, values in optimizer.state_dict()["state"].items()
        for key, value in values.items()
    }
    save_file(moments, partial / "optimizer.safetensors")
    if average is not None:
        save_file(average.weights, partial / "average.safetensors")
    (partial / "state.json").write_text(json.dumps(state), encoding="utf8")
    old = complete(folder)
    os.replace(partial, whole)
    for path in old:
        shutil.rmtree(path)


def complete(folder: Path) -> list[Path]:
    """RETURNS (list[Path]): The checkpoints of a run, the oldest first."""
    return sorted(folder.glob(f"{NAME}-*"))


def load(
    checkpoint: Path, model: torch.nn.Module, optimizer: Any, average: Average | None = None
) -> dict[str, Any]:
    """Put model, optimizer and mean where they were.

    RETURNS (dict[str, Any]): The state that was saved.
    """
    read_weights(model, checkpoint / "weights.safetensors")
    if average is not None:
        average.resume(load_file(checkpoint / "average.safetensors"))
    found = optimizer.state_dict()
    found["state"] = {}
    for key, value in load_file(checkpoint / "optimizer.safetensors").items():
        number, _, name = key.partition(".")
        found["state"].setdefault(int(number), {})[name] = value
    optimizer.load_state_dict(found)
    state: dict[str, Any] = json.loads((checkpoint / "state.json").read_text(encoding="utf8"))
    return state
