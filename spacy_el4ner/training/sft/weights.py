"""The trainable weights of a model: reading, copying, writing."""

from collections.abc import Mapping
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file

from spacy_el4ner.storage.atomic import replacing_file


def trainable_weights(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """model (Module): A model.
    RETURNS (dict[str, Tensor]): Name -> weight, for the weights that are trained.
    """
    return {n: p.detach().contiguous() for n, p in model.named_parameters() if p.requires_grad}


def copy_weights(model: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """model (Module): The model to copy the weights into.
    weights (Mapping[str, Tensor]): Name -> weight.
    """
    own = dict(model.named_parameters())
    with torch.no_grad():
        for name, value in weights.items():
            own[name].copy_(value)


def read_weights(model: torch.nn.Module, path: Path) -> None:
    """model (Module): The model to copy the weights into.
    path (Path): The file that `write_weights` wrote.
    """
    copy_weights(model, load_file(path))


def write_weights(model: torch.nn.Module, path: Path) -> None:
    """model (Module): The model whose trainable weights are written.
    path (Path): The file, written completely or not at all.
    """
    with replacing_file(path) as file:
        save_file(trainable_weights(model), file)
