"""Conversion of GGUF files into folders that transformers loads, cached for later runs."""

import contextlib
import importlib.util
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from spacy_el4ner import catalogue
from spacy_el4ner.backends.gguf import tokenizer
from spacy_el4ner.backends.gguf.metadata import read_metadata
from spacy_el4ner.backends.loading import dtype_argument
from spacy_el4ner.errors import EL4NERImportError, EL4NERValueError, Errors
from spacy_el4ner.progress import Progress
from spacy_el4ner.storage import manifest
from spacy_el4ner.storage.atomic import replacing_folder
from spacy_el4ner.storage.model_record import RECORD

CONVERSION = 1
"""Version of the conversion; a new version converts every file again."""
FOLDER = "converted"
SUFFIX = ".gguf"
DTYPES = ("float32", "bfloat16")


def is_gguf(source: str) -> bool:
    """source (str): A model as a config names it.
    RETURNS (bool): Whether it is the path of a GGUF file.
    """
    return source.endswith(SUFFIX)


def fingerprint(path: Path) -> str:
    """path (Path): A GGUF file.
    RETURNS (str): An identifier of the file and the conversion, on which its answers depend.
    """
    return f"gguf:{manifest.file_sha256(path)}:{CONVERSION}"


def target(path: Path, dtype: str) -> Path:
    """path (Path): A GGUF file.
    dtype (str): "float32" or "bfloat16".
    RETURNS (Path): The folder of the converted model. Its name contains the file's hash and the major
        version of transformers, because versions 4 and 5 misread each other's configs.
    """
    import transformers

    version = transformers.__version__.partition(".")[0]
    key = manifest.file_sha256(path)[:16]
    name = f"{path.stem}-{key}-{dtype}-v{CONVERSION}-transformers{version}"
    return catalogue.root() / FOLDER / name


def converted(path: Path, dtype: str = "float32") -> Path:
    """Convert a GGUF file, which takes up to a minute, or find the result of an earlier conversion.

    path (Path): A GGUF file.
    dtype (str): The type of the dequantized weights: "float32", which is lossless, or "bfloat16", which
        needs half the space.
    RETURNS (Path): A folder with config, safetensors weights and tokenizer.
    RAISES (EL4NERImportError): EL278, the extra `gguf` is not installed.
    RAISES (EL4NERValueError): EL279, the file does not exist, or transformers cannot read its model.
    """
    if not path.is_file():
        raise EL4NERValueError(Errors.EL279.format(path=path, problem="there is no such file"))
    folder = target(path, dtype)
    if folder.is_dir():
        return folder
    if importlib.util.find_spec("gguf") is None:
        raise EL4NERImportError(Errors.EL278.format(path=path))
    title = f"Converting {path.name}, once"
    with replacing_folder(folder) as new, Progress(title, 3, unit="steps") as progress:
        metadata = read_metadata(path)
        _write_tokenizer(path, metadata, new)
        progress.update()
        with _quiet():
            model = _read_weights(path, dtype)
            progress.update()
            model.save_pretrained(new, safe_serialization=True)
        (new / RECORD).write_text(json.dumps(_record(path, metadata), indent=2), encoding="utf8")
        progress.update()
    return folder


def tokenizer_folder(path: Path) -> Path:
    """path (Path): A GGUF file.
    RETURNS (Path): A folder with its tokenizer only, created if it does not exist.
    RAISES (EL4NERValueError): EL279, it is not a GGUF file, or its tokenizer cannot be read.
    """
    name = f"{path.stem}-{manifest.file_sha256(path)[:16]}-tokenizer-v{CONVERSION}"
    folder = catalogue.root() / FOLDER / name
    if not folder.is_dir():
        with replacing_folder(folder) as new:
            _write_tokenizer(path, read_metadata(path), new)
    return folder


def _read_weights(path: Path, dtype: str) -> Any:
    """The model of the file, dequantized."""
    import torch
    import transformers

    settings = {dtype_argument(): getattr(torch, dtype), "gguf_file": path.name}
    if hasattr(transformers, "GgufConfig"):  # transformers 5 would keep weights quantized
        settings["quantization_config"] = transformers.GgufConfig(dequantize=True)
    try:
        model = transformers.AutoModelForCausalLM.from_pretrained(
            str(path.parent), local_files_only=True, trust_remote_code=False, **settings
        )
    except (OSError, ValueError, LookupError, RuntimeError) as error:
        # What transformers raises for a file that is damaged or of a kind that it does not know.
        problem = f"transformers cannot read its weights: {error}"
        raise EL4NERValueError(Errors.EL279.format(path=path, problem=problem)) from error
    quantizer = getattr(model, "hf_quantizer", None)
    if quantizer is not None:
        quantizer.remove_quantization_config(model)
    return model


def _write_tokenizer(path: Path, metadata: dict[str, Any], folder: Path) -> None:
    """Build the tokenizer from the metadata, or let transformers convert one of an unknown kind."""
    if tokenizer.is_supported(metadata):
        tokenizer.write_tokenizer(metadata, folder)
        return
    from transformers import AutoTokenizer

    with _quiet():
        try:
            read = AutoTokenizer.from_pretrained(
                str(path.parent), gguf_file=path.name, local_files_only=True, trust_remote_code=False
            )
        except Exception as error:  # the libraries raise TypeError and bare Exception, too
            problem = f"transformers cannot read its tokenizer: {error}"
            raise EL4NERValueError(Errors.EL279.format(path=path, problem=problem)) from error
        read.save_pretrained(folder)


def _record(path: Path, metadata: dict[str, Any]) -> dict[str, Any]:
    """The origin of the folder, for its record."""
    sha256 = manifest.file_sha256(path)
    listed = [model for model in catalogue.models().values() if model.sha256 == sha256]
    plan = {"kind": "gguf", "file": path.name, "sha256": sha256, "conversion": CONVERSION}
    base = listed[0].hub if listed else metadata.get("general.name", "")
    return {"plan": {**plan, "base": base}, "licence": metadata.get("general.license", "")}


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Suppress the progress bars and remarks of transformers about its own tokenizers."""
    with contextlib.redirect_stderr(io.StringIO()):
        yield
