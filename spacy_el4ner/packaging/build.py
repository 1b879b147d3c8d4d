"""From a pipeline's folder to a wheel."""

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import spacy
import srsly
from packaging.version import InvalidVersion, Version
from spacy import util
from spacy.language import Language
from thinc.api import Config

import spacy_el4ner
from spacy_el4ner.errors import Errors, Warnings
from spacy_el4ner.minilm import HUB_NAME
from spacy_el4ner.packaging.card import card, performance
from spacy_el4ner.packaging.models import Model, Models
from spacy_el4ner.pipeline.pool import renamed
from spacy_el4ner.storage import manifest

FACTORIES = ("llm_ensemble_ner", "slm_llm_fusion")


@dataclass(frozen=True)
class Description:
    """name (str): Of the package, without the language.
    version (str): Of the package.
    metrics (dict[str, Any] | None): What `evaluate` or `evaluate-fusion` wrote.
    licence (str): Of the package.
    data (str): On the training data, such as its name and its licence.
    """

    name: str
    version: str
    metrics: dict[str, Any] | None = None
    licence: str = ""
    data: str = ""


def build(
    pipeline: Path, out: Path, about: Description, *, include_models: bool = True
) -> tuple[Path, list[str]]:
    """pipeline (Path): A saved pipeline.
    out (Path): The folder that the wheel goes into.
    about (Description): What the package is.
    include_models (bool): Whether models that are folders of this machine become part of it.
    RETURNS (tuple[Path, list[str]]): The wheel, and what the user should know of it.
    RAISES (ValueError): It is no such pipeline, a model is missing, the name or version cannot be one
        of a package, or the config needs other files of this machine.
    RAISES (RuntimeError): The wheel could not be built.
    """
    if not (pipeline / "config.cfg").is_file():
        raise ValueError(Errors.EL070.format(path=pipeline))
    nlp = spacy.load(pipeline)
    about_name = about.name.removeprefix(f"{nlp.lang}_")
    _check(nlp, pipeline, about_name, about.version)
    out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=out, prefix=".package-") as folder:
        staged = Path(folder) / "pipeline"
        shutil.copytree(pipeline, staged, ignore=shutil.ignore_patterns(".*"))
        models = stage_models(nlp, staged, include_models)
        meta = _meta(nlp, about_name, about, models)
        srsly.write_json(staged / "meta.json", meta)
        (staged / "README.md").write_text(
            card(nlp, meta, models, about.metrics, about.data), encoding="utf8"
        )
        manifest.write(staged)
        wheel = _wheel(staged, Path(folder), meta)
        return wheel.replace(out / wheel.name), _notes(models)


def stage_models(nlp: Language, staged: Path, include: bool) -> list[Model]:
    """nlp (Language): A pipeline.
    staged (Path): A copy of its folder. Models are copied into it, and its config is changed.
    include (bool): Whether to copy models that are folders of this machine.
    RETURNS (list[Model]): The models of all components.
    """
    raw = Config().from_disk(staged / "config.cfg", interpolate=False)
    components = Config(raw).interpolate()["components"]
    found: list[Model] = []
    for name, block in components.items():
        if block.get("factory") not in FACTORIES:
            continue
        models = Models(staged / name, include)
        raw["components"][name] = block = models.taken(block, name)
        component: Any = nlp.get_pipe(name)
        if block.get("pool") is not None and component.pool.entries:
            block["pool"] = None
        for model in models.found:
            if model.bundled and ".encoder." in model.role:
                pool = staged / name / "pool"
                pool.write_bytes(renamed(pool.read_bytes(), model.source))
        if include:
            _refuse_paths(block, name)
        manifest.write(staged / name)
        found += models.found
    raw.to_disk(staged / "config.cfg", interpolate=False)
    return found


def _check(nlp: Language, path: Path, name: str, version: str) -> None:
    if not any(nlp.get_pipe_meta(pipe).factory in FACTORIES for pipe in nlp.pipe_names):
        names = ", ".join(nlp.pipe_names)
        raise ValueError(Errors.EL014.format(path=path, factory=" or ".join(FACTORIES), names=names))
    if not (name.isidentifier() and name.isascii() and not name.startswith("_")) or name[-1] == "_":
        raise ValueError(Errors.EL090.format(name=name))
    try:
        Version(version)
    except InvalidVersion as error:
        raise ValueError(Errors.EL091.format(version=version)) from error


def _meta(nlp: Language, name: str, about: Description, models: Sequence[Model]) -> dict[str, Any]:
    offline = any(model.source == HUB_NAME for model in models)
    own = f"spacy-el4ner{'[offline]' if offline else ''}"
    versions = util.get_minor_version_range(spacy_el4ner.__version__)
    others = [r for r in nlp.meta.get("requirements", []) if not r.startswith("spacy-el4ner")]
    return {
        **nlp.meta,
        "name": name,
        "version": about.version,
        "license": about.licence or nlp.meta["license"],
        "description": nlp.meta["description"] or "Named entities by small language models",
        "performance": performance(nlp, about.metrics),
        "requirements": [*others, f"{own}{versions}"],
    }


def _wheel(staged: Path, folder: Path, meta: dict[str, Any]) -> Path:
    """The wheel of what spaCy makes a source package of. spaCy itself would build the wheel in a new
    environment, which needs the network.
    """
    from spacy.cli.package import package

    package(
        staged,
        folder,
        name=meta["name"],
        version=meta["version"],
        create_sdist=False,
        create_wheel=False,
        silent=True,
    )
    source = folder / f"{meta['lang']}_{meta['name']}-{meta['version']}"
    built = subprocess.run(
        [sys.executable, "setup.py", "-q", "bdist_wheel", "--dist-dir", str(folder.resolve())],
        cwd=source,
        capture_output=True,
        text=True,
    )
    wheels = list(folder.glob("*.whl"))
    if built.returncode or not wheels:
        raise RuntimeError(Errors.EL092.format(problem=built.stderr.strip()[-2000:]))
    return wheels[0]


def _refuse_paths(value: Any, role: str) -> None:
    """RAISES (ValueError): A setting names something else of this machine."""
    for name, text in _texts(value, role):
        if "/" in text and Path(text).exists():
            raise ValueError(Errors.EL089.format(value=text, role=name))


def _texts(value: Any, role: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _texts(item, f"{role}.{key}")
    elif isinstance(value, str):
        yield role, value


def _notes(models: Sequence[Model]) -> list[str]:
    notes = []
    for model in models:
        if model.folder is not None and not model.bundled:
            notes.append(Warnings.WL030.format(source=model.source, role=model.role))
        elif model.folder is None and not (model.revision or model.server or model.source == HUB_NAME):
            notes.append(Warnings.WL031.format(source=model.source, role=model.role))
    return notes
