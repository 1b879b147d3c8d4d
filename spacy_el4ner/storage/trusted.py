"""Checks of a model's folder before a library reads it: no code, and no pickled weights."""

import json
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import EL4NERSetupError, Errors

CODE = frozenset({".py", ".pyc", ".pyd", ".so"})
PICKLED = frozenset({".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle"})
"""Suffixes of weights that torch keeps as a pickle."""
WEIGHTS = ("model", "adapter", "weights")
"""Beginnings of the names of files with weights, after "pytorch_"."""
MODULES = ("modules.json", "router_config.json")
"""Files of sentence-transformers that name the classes of a model."""
TRUSTED = "sentence_transformers."


def check_weights(folder: Path, name: str) -> None:
    """folder (Path): The folder of a model or an adapter.
    name (str): The model, as the config names it.
    RAISES (ValueError): EL235, its weights exist only as a pickle, and reading a pickle can run code.
    """
    for path in _files(folder):
        weights = path.stem.removeprefix("pytorch_").startswith(WEIGHTS)
        pickled = weights and path.suffix.lower() in PICKLED
        if pickled and not any(path.parent.glob("*.safetensors")):
            raise EL4NERSetupError(Errors.EL235.format(name=name, file=path.name))


def check_encoder(folder: Path, name: str) -> None:
    """folder (Path): The folder of a model of sentence-transformers.
    name (str): The model, as the config names it.
    RAISES (ValueError): EL235, its weights are pickled; EL236, it contains code, or names classes
        outside sentence_transformers, which the library would import.
    """
    check_weights(folder, name)
    for path in _files(folder):
        if path.suffix.lower() in CODE:
            raise EL4NERSetupError(Errors.EL236.format(name=name, what=path.name))
        if path.name in MODULES:
            check_modules(path, name)


def check_modules(path: Path, name: str) -> None:
    """path (Path): A file of sentence-transformers that names classes.
    name (str): The model, as the config names it.
    RAISES (ValueError): EL236, it cannot be read, or names a class of another package.
    """
    try:
        content = json.loads(path.read_text(encoding="utf8"))
    except (ValueError, RecursionError):
        raise EL4NERSetupError(Errors.EL236.format(name=name, what=f"a damaged {path.name}")) from None
    for kind in _classes(content):
        if not isinstance(kind, str) or not kind.startswith(TRUSTED):
            raise EL4NERSetupError(Errors.EL236.format(name=name, what=f"the class {kind}"))


def _classes(content: Any) -> Iterator[Any]:
    """The classes that a file names: under "type", and the values under "types"."""
    entries: Iterable[Any] = content if isinstance(content, list) else [content]
    for entry in entries:
        if isinstance(entry, dict):
            if "type" in entry:
                yield entry["type"]
            kinds = entry.get("types", {})
            yield from kinds.values() if isinstance(kinds, dict) else [kinds]


def _files(folder: Path) -> list[Path]:
    """The files of a folder and its subfolders."""
    return sorted(path for path in folder.rglob("*") if not path.is_dir())
