"""Checkpoints of a training run, written completely or not at all."""

import json
import shutil
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file

from spacy_el4ner.storage.atomic import TEMPORARY, replacing_folder
from spacy_el4ner.training.sft.weight_average import WeightAverage
from spacy_el4ner.training.sft.weights import read_weights, trainable_weights

NAME = "checkpoint"


def save(
    folder: Path,
    state: dict[str, Any],
    model: torch.nn.Module,
    optimizer: Any,
    average: WeightAverage | None = None,
) -> None:
    """Write a checkpoint, then remove the earlier ones.

    folder (Path): The folder of the run.
    state (dict[str, Any]): The state of the run, plain data; its "step" names the checkpoint.
    model (Module): The model, whose trainable weights are saved.
    optimizer (Optimizer): The optimizer, whose state is saved.
    average (WeightAverage | None): The mean of the weights, if there is one.
    """
    whole = folder / f"{NAME}-{state['step']:08d}"
    if whole.is_dir():
        return
    for unfinished in folder.glob(f".{NAME}-*{TEMPORARY}"):  # left by a run that was killed
        shutil.rmtree(unfinished)
    earlier = complete(folder)
    with replacing_folder(whole) as partial:
        save_file(trainable_weights(model), partial / "weights.safetensors")
        save_file(_moments(optimizer), partial / "optimizer.safetensors")
        if average is not None:
            save_file(average.weights, partial / "average.safetensors")
        (partial / "state.json").write_text(json.dumps(state), encoding="utf8")
    for path in earlier:
        shutil.rmtree(path)


def _moments(optimizer: Any) -> dict[str, torch.Tensor]:
    """The state of an optimizer as tensors, by the number of the weight and the name of the state."""
    return {
        f"{number}.{key}": value.detach().contiguous()
        for number, values in optimizer.state_dict()["state"].items()
        for key, value in values.items()
    }


def complete(folder: Path) -> list[Path]:
    """folder (Path): The folder of a run.
    RETURNS (list[Path]): Its complete checkpoints, the oldest first.
    """
    return sorted(folder.glob(f"{NAME}-*"))


def load(
    checkpoint: Path, model: torch.nn.Module, optimizer: Any, average: WeightAverage | None = None
) -> dict[str, Any]:
    """Restore model, optimizer and mean.

    checkpoint (Path): A complete checkpoint.
    model (Module): The model.
    optimizer (Optimizer): The optimizer.
    average (WeightAverage | None): The mean of the weights, if the run has one.
    RETURNS (dict[str, Any]): The saved state of the run.
    """
    read_weights(model, checkpoint / "weights.safetensors")
    if average is not None:
        average.resume(load_file(checkpoint / "average.safetensors"))
    optimizer_state = optimizer.state_dict()
    optimizer_state["state"] = {}
    for key, value in load_file(checkpoint / "optimizer.safetensors").items():
        number, _, name = key.partition(".")
        optimizer_state["state"].setdefault(int(number), {})[name] = value
    optimizer.load_state_dict(optimizer_state)
    state: dict[str, Any] = json.loads((checkpoint / "state.json").read_text(encoding="utf8"))
    return state
