"""The build of a wheel from a pipeline's folder."""

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
from spacy_el4ner.errors import EL4NERRuntimeError, EL4NERValueError, Errors, Warnings
from spacy_el4ner.minilm import HUB_NAME
from spacy_el4ner.packaging.card import card, performance
from spacy_el4ner.packaging.models import Model, Models, extras_of
from spacy_el4ner.pipeline.finding import FACTORIES, find_component
from spacy_el4ner.retrieval.pool import renamed
from spacy_el4ner.storage import manifest


@dataclass(frozen=True)
class Description:
    """The description of a package, for its metadata and its card.

    name (str): Name of the package, without the language.
    version (str): Version of the package.
    metrics (dict[str, Any] | None): Metrics that `evaluate` or `evaluate-fusion` wrote; None without.
    licence (str): Licence of the package; "" for that of the pipeline.
    data (str): Description of the training data, such as its name and licence.
    """

    name: str
    version: str
    metrics: dict[str, Any] | None = None
    licence: str = ""
    data: str = ""


def build(
    pipeline: Path, out: Path, about: Description, *, include_models: bool = True
) -> tuple[Path, list[str]]:
    """Build a wheel that pip installs, with the pipeline, its models and a model card.

    pipeline (Path): A saved pipeline.
    out (Path): The folder for the wheel.
    about (Description): Name, version and further metadata.
    include_models (bool): Whether to include models that are local folders.
    RETURNS (tuple[Path, list[str]]): The wheel, and warnings about its models.
    RAISES (ValueError): EL070 or EL014, there is no suitable pipeline; EL087, a model is missing; EL088
        or EL237, a model cannot be packaged; EL089, the config names a local path; EL090 or EL091, the
        name or version is invalid.
    RAISES (RuntimeError): EL092, the wheel could not be built.
    """
    if not (pipeline / "config.cfg").is_file():
        raise EL4NERValueError(Errors.EL070.format(path=pipeline))
    nlp = spacy.load(pipeline)
    about_name = about.name.removeprefix(f"{nlp.lang}_")
    _check(nlp, about_name, about.version)
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
    """Copy the models of a pipeline into a copy of its folder, and name them so in its config.

    nlp (Language): The pipeline.
    staged (Path): The copy of its folder.
    include (bool): Whether to copy models that are local folders.
    RETURNS (list[Model]): The models of all components.
    """
    raw = Config().from_disk(staged / "config.cfg", interpolate=False)
    components = Config(raw).interpolate()["components"]
    packaged: list[Model] = []
    for name, block in components.items():
        if block.get("factory") not in FACTORIES:
            continue
        models = Models(staged / name, include)
        raw["components"][name] = block = models.taken(block, name)
        component: Any = nlp.get_pipe(name)
        if block.get("pool") is not None and component.pool.entries:
            block["pool"] = None
        for model in models.collected:
            if model.bundled and ".encoder." in model.role:
                pool = staged / name / "pool"
                pool.write_bytes(renamed(pool.read_bytes(), model.source))
        if include:
            _refuse_paths(block, name)
        manifest.write(staged / name)
        packaged += models.collected
    raw.to_disk(staged / "config.cfg", interpolate=False)
    return packaged


def _check(nlp: Language, name: str, version: str) -> None:
    find_component(nlp)
    if not (name.isidentifier() and name.isascii() and not name.startswith("_")) or name[-1] == "_":
        raise EL4NERValueError(Errors.EL090.format(name=name))
    try:
        Version(version)
    except InvalidVersion as error:
        raise EL4NERValueError(Errors.EL091.format(version=version)) from error


def _meta(nlp: Language, name: str, about: Description, models: Sequence[Model]) -> dict[str, Any]:
    # A voter may be a pipeline of its own.
    folders = [model.folder for model in models if model.folder is not None]
    nested = [util.load_config(c) for f in folders if (c := f / "config.cfg").is_file()]
    configs = [config.interpolate()["components"] for config in (nlp.config, *nested)]
    extras = sorted({extra for config in configs for extra in extras_of(config)})
    extras += ["offline"] * any(model.source == HUB_NAME for model in models)
    own = f"spacy-el4ner[{','.join(extras)}]" if extras else "spacy-el4ner"
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
    """Build the wheel from spaCy's source package. spaCy itself would build it in a new environment,
    which needs a network.
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
        raise EL4NERRuntimeError(Errors.EL092.format(problem=built.stderr.strip()[-2000:]))
    return wheels[0]


def _refuse_paths(value: Any, role: str) -> None:
    """RAISES (ValueError): EL089, a setting is a local path."""
    for name, text in _texts(value, role):
        if "/" in text and Path(text).exists():
            raise EL4NERValueError(Errors.EL089.format(value=text, role=name))


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
