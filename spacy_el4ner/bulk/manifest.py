"""What an output is made of, so that nothing else is mixed into it."""

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
from spacy_el4ner.bulk.worker import Job
from spacy_el4ner.errors import Errors
from spacy_el4ner.storage.atomic import replacing
from spacy_el4ner.storage.manifest import fingerprint

LIBRARIES = ("torch", "transformers")
"""What else computes."""


def manifest(job: Job, documents: int) -> dict[str, Any]:
    """job (Job): What is to be done.
    documents (int): How many there are.
    RETURNS (dict[str, Any]): All that the bytes of the output depend on, as plain data.
    """
    return {
        "input": fingerprint(_files(job.source)),
        "pipeline": pipeline_fingerprint(job.pipeline),
        "documents": documents,
        "shard_size": job.shard_size,
        "batch_size": job.batch_size,
        "text_key": job.keys.text,
        "id_key": job.keys.id,
        "max_length": job.max_length,
        # A GPU rounds otherwise.
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


def claim(path: Path, expected: dict[str, Any], anew: bool = False) -> None:
    """path (Path): The manifest, written if there is none.
    expected (dict[str, Any]): What it must say.
    anew (bool): Whether it is written in any case: nothing is there yet that it tells about.
    RAISES (ValueError): EL064, it says something else.
    """
    if anew or not path.is_file():
        with replacing(path) as file:
            file.write(json.dumps(expected, indent=2).encode("utf8") + b"\n")
    found = json.loads(path.read_text(encoding="utf8"))
    if found != expected:
        keys = [key for key in {**expected, **found} if expected.get(key) != found.get(key)]
        changes = "; ".join(f"{key} was {found.get(key)}, is {expected.get(key)}" for key in keys)
        raise ValueError(Errors.EL064.format(path=path, changes=changes))


def pipeline_fingerprint(pipeline: str) -> str:
    """pipeline (str): A folder, or the name of an installed package.
    RETURNS (str): Of all its files, wherever it lies; and, as their contents can be many gigabytes, of
        name, size and time of the files of the models that its config names.
    RAISES (ValueError): EL070.
    """
    folder = Path(pipeline)
    if not folder.is_dir() and util.is_package(pipeline):
        folder = util.get_package_path(pipeline)
    configs = sorted(folder.rglob("config.cfg")) if folder.is_dir() else []
    if not configs:
        raise ValueError(Errors.EL070.format(path=pipeline))
    own = fingerprint(_files(folder))
    named = {path for config in configs for path in _models(_read(config))}
    stats = (f"{n} {p.stat().st_size} {p.stat().st_mtime_ns}" for m in named for n, p in _files(m))
    models = "\n".join(sorted(stats))
    return hashlib.sha256(f"{own}\n{models}".encode()).hexdigest() if models else own


def _read(config: Path) -> Config:
    return Config().from_disk(config, interpolate=False)


def _models(value: Any) -> Iterator[Path]:
    """The folders that a config names and that hold a model's config."""
    if isinstance(value, dict):
        for inner in value.values():
            yield from _models(inner)
    elif isinstance(value, str) and os.path.isdir(value) and any(Path(value).glob("*config.json")):
        yield Path(value)


def _files(path: Path) -> list[tuple[str, Path]]:
    """The files of a folder with their names in it, or the one file without its name."""
    if path.is_file():
        return [("", path)]
    files = (p for p in sorted(path.rglob("*")) if p.is_file() and "__pycache__" not in p.parts)
    return [(p.relative_to(path).as_posix(), p) for p in files]
