"""The weights of a model that are trained."""

import os
from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file


def trainable(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """RETURNS (dict[str, Tensor]): Name -> weight, of those that are trained."""
    return {n: p.detach().contiguous() for n, p in model.named_parameters() if p.requires_grad}


def put(model: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """weights (Mapping[str, Tensor]): Name -> weight; they are copied into the model."""
    own = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in weights.items():
            own[name].copy_(value)


def read_weights(model: torch.nn.Module, path: Path) -> None:
    """Copy the weights of a file into the model."""
    put(model, load_file(path))


def write_weights(model: torch.nn.Module, path: Path) -> None:
    """Write the trainable weights to a file, at once."""
    partial = path.with_name(f".{path.name}.partial")
    save_file(trainable(model), partial)
    os.replace(partial, path)
