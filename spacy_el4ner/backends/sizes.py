"""Numbers of parameters of models, read from the headers of their files."""

from math import prod
from pathlib import Path

from spacy_el4ner.backends import sources
from spacy_el4ner.backends.gguf import convert


def parameters(source: str, folder: Path | None) -> int | None:
    """source (str): A model or an adapter as the config names it.
    folder (Path | None): The folder that bundled models are in.
    RETURNS (int | None): The number of its parameters, those that layers share counted once; None
        where its files are not on this machine under a path of their own.
    """
    path = Path(sources.stored(source, folder))
    if convert.is_gguf(str(path)):
        from gguf import GGUFReader

        return sum(int(tensor.n_elements) for tensor in GGUFReader(path).tensors)
    files = sorted(path.glob("*.safetensors")) if path.is_dir() else []
    return sum(map(_in_file, files)) if files else None


def _in_file(path: Path) -> int:
    from safetensors import safe_open

    with safe_open(path, framework="numpy") as weights:
        return sum(prod(weights.get_slice(name).get_shape()) for name in weights.keys())  # noqa: SIM118
