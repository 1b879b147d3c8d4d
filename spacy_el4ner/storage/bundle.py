"""Models that lie within the folder of the component that uses them.

In a config such a model is called "bundled:marked". The folder it stands for is `models/marked` in the
component's own folder, wherever the pipeline lies: in site-packages, or where `nlp.to_disk` saved it
again. Whoever loads a component from a folder knows that folder, and tells it those that need it.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from spacy_el4ner.errors import Errors

SCHEME = "bundled:"
FOLDER = "models"


@runtime_checkable
class Bundled(Protocol):
    """Something that runs models, which may be bundled.

    bundle (Path | None): The folder that bundled models are in; None until a component is loaded.
    sources (tuple[str | None, ...]): Names of its models, as in the config.
    """

    bundle: Path | None

    @property
    def sources(self) -> tuple[str | None, ...]: ...


def name_of(source: str | None) -> str | None:
    """RETURNS (str | None): The name of a bundled model; None for any other."""
    bundled = source is not None and source.startswith(SCHEME)
    return source.removeprefix(SCHEME) if source is not None and bundled else None


def located(source: str, bundle: Path | None) -> str:
    """source (str): A model as the config names it.
    bundle (Path | None): The folder that bundled models are in.
    RETURNS (str): A model as libraries take it: the name on the hub, or a folder.
    RAISES (ValueError): The model is bundled, and there is no such folder.
    """
    name = name_of(source)
    if name is None:
        return source
    if bundle is None or not (folder := bundle / name).is_dir():
        raise ValueError(Errors.EL086.format(source=source, folder=bundle or "nowhere"))
    return str(folder)


def users(things: Iterable[Any]) -> Iterator[Bundled]:
    """things (Iterable[Any]): Backends and encoders of a component.
    YIELDS (Bundled): Those of them, and of what they wrap, that may use bundled models.
    """
    for thing in things:
        while thing is not None:
            if isinstance(thing, Bundled):
                yield thing
            thing = getattr(thing, "backend", None)


def copy(things: Iterable[Any], folder: Path) -> None:
    """things (Iterable[Any]): Backends and encoders of a component.
    folder (Path): A new folder of the component; their bundled models are copied into it.
    """
    for user in users(things):
        for source in user.sources:
            name = name_of(source)
            target = folder / FOLDER / (name or "")
            if source is not None and name is not None and not target.exists():
                _copy_contents(Path(located(source, user.bundle)), target)


def _copy_contents(source: Path, target: Path) -> None:
    """Without the permissions, which `shutil.copytree` copies: what comes from a folder that may only
    be read is to be replaced and deleted like anything else that is saved.
    """
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.is_dir():
            _copy_contents(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)


def bind(things: Iterable[Any], folder: Path) -> None:
    """things (Iterable[Any]): Backends and encoders of a component.
    folder (Path): The component's folder, from which it is loaded.
    """
    for user in users(things):
        user.bundle = folder / FOLDER
