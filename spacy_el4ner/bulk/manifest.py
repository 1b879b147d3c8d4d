"""The manifest of an output, which records everything that the output depends on."""

import hashlib
import json
import os
from collections.abc import Iterator
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

from spacy import util
from spacy.about import __version__ as spacy_version
from thinc.api import Config

import spacy_el4ner
from spacy_el4ner.bulk.worker import AnnotationJob
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage.atomic import replacing
from spacy_el4ner.storage.manifest import fingerprint

LIBRARIES = ("torch", "transformers")
"""Libraries whose versions affect the results."""
Stamp = tuple[tuple[str, int, int], ...]
"""Name, size and time of each file of an input."""
MODELS = ("*config.json", "config.cfg", "*.jinja")
"""Files of folders that results depend on: models, pipelines, prompt templates."""
RESULT = "result"
"""Key of the counts of a finished output, on which nothing depends."""


def manifest(job: AnnotationJob, documents: int, source: str) -> dict[str, Any]:
    """job (AnnotationJob): The input, the pipeline and their settings.
    documents (int): Number of documents of the input.
    source (str): Fingerprint of the input.
    RETURNS (dict[str, Any]): Everything that the bytes of the output depend on, as plain data.
    """
    return {
        "input": source,
        "pipeline": pipeline_fingerprint(job.pipeline),
        "documents": documents,
        "shard_size": job.shard_size,
        "batch_size": job.batch_size,
        "text_key": job.keys.text,
        "id_key": job.keys.id,
        "max_length": job.max_length,
        # A GPU rounds differently.
        "gpu": job.gpu_id >= 0,
        "keep_ents": job.keep_ents,
        "spacy": spacy_version,
        "spacy_el4ner": spacy_el4ner.__version__,
        **{name: _version(name) for name in LIBRARIES},
    }


def _version(library: str) -> str | None:
    try:
        return version(library)
    except PackageNotFoundError:
        return None


def claim(path: Path, expected: dict[str, Any], replace: bool = False) -> None:
    """Write the manifest of an output, or compare the existing one.

    path (Path): The manifest, written if it does not exist.
    expected (dict[str, Any]): Its expected content.
    replace (bool): Whether to write it in any case, because there is no output or shard yet.
    RAISES (ValueError): EL064, the existing manifest differs.
    """
    if replace or not path.is_file():
        with replacing(path) as file:
            file.write(json.dumps(expected, indent=2).encode("utf8") + b"\n")
    existing = json.loads(path.read_text(encoding="utf8"))
    existing.pop(RESULT, None)
    if existing != expected:
        keys = [key for key in {**expected, **existing} if expected.get(key) != existing.get(key)]
        changes = "; ".join(f"{key} was {existing.get(key)}, is {expected.get(key)}" for key in keys)
        raise EL4NERValueError(Errors.EL064.format(path=path, changes=changes))


def add_result(path: Path, result: dict[str, Any]) -> None:
    """path (Path): The manifest.
    result (dict[str, Any]): The counts of the finished output.
    """
    existing = json.loads(path.read_text(encoding="utf8"))
    data = {**existing, RESULT: result}
    if data == existing:
        return
    with replacing(path) as file:
        file.write(json.dumps(data, indent=2).encode("utf8") + b"\n")


def pipeline_fingerprint(pipeline: str) -> str:
    """pipeline (str): A folder, or the name of an installed package.
    RETURNS (str): A hash of the contents of its files, independent of its location, and of the names,
        sizes and times of the files that its config names, such as models of many gigabytes.
    RAISES (ValueError): EL070, it is not a pipeline.
    """
    folder = Path(pipeline)
    if not folder.is_dir() and util.is_package(pipeline):
        folder = util.get_package_path(pipeline)
    configs = sorted(folder.rglob("config.cfg")) if folder.is_dir() else []
    if not configs:
        raise EL4NERValueError(Errors.EL070.format(path=pipeline))
    own = fingerprint(_files(folder))
    named = {path for config in configs for path in _models(_read(config))}
    stats = (f"{n} {p.stat().st_size} {p.stat().st_mtime_ns}" for m in named for n, p in _files(m))
    models = "\n".join(sorted(stats))
    return hashlib.sha256(f"{own}\n{models}".encode()).hexdigest() if models else own


def input_fingerprint(source: Path) -> str:
    """source (Path): An input.
    RETURNS (str): A hash of the contents of its files, and of their names in a folder.
    """
    return fingerprint(_files(source))


def stamp(source: Path) -> Stamp:
    """source (Path): An input.
    RETURNS (Stamp): Name, size and time of each of its files: equal as long as nobody writes to them.
    """
    stats = ((name, path.stat()) for name, path in _files(source))
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _read(config: Path) -> Config:
    return Config().from_disk(config, interpolate=False)


def _models(value: Any) -> Iterator[Path]:
    """What a config names that results depend on: files, such as a model in one file or a list of
    names, and folders with the config of a model or of a pipeline, or with prompt templates.
    """
    if isinstance(value, dict):
        for inner in value.values():
            yield from _models(inner)
    elif isinstance(value, str) and _is_model(value):
        yield Path(value)


def _is_model(value: str) -> bool:
    if os.path.isdir(value):
        return any(any(Path(value).glob(name)) for name in MODELS)
    return bool(Path(value).suffix) and os.path.isfile(value)


def _files(path: Path) -> list[tuple[str, Path]]:
    """The files of a folder with their names in it, or the one file without its name."""
    if path.is_file():
        return [("", path)]
    files = (p for p in sorted(path.rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
    return [(p.relative_to(path).as_posix(), p) for p in files]
