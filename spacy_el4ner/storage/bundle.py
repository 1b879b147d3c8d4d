"""Bundled models: models in the folder of the component that uses them.

In a config, "bundled:marked" names the model in `models/marked` of the component's own folder, wherever
the pipeline is: in site-packages, or where `nlp.to_disk` saved it again. A component learns its folder
when it is loaded, and `bind` passes it on to the backends and encoders that need it.
"""

import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

from spacy_el4ner.errors import EL4NERValueError, Errors

SCHEME = "bundled:"
FOLDER = "models"


@runtime_checkable
class Bundled(Protocol):
    """An object that runs models, which may be bundled.

    bundle (Path | None): The folder of the bundled models; None until the component is loaded.
    """

    bundle: Path | None

    @property
    def sources(self) -> tuple[str | None, ...]:
        """RETURNS (tuple[str | None, ...]): The names of its models in the config."""
        ...


def name_of(source: str | None) -> str | None:
    """source (str | None): A model as the config names it.
    RETURNS (str | None): The name of the bundled model; None for any other model.
    """
    bundled = source is not None and source.startswith(SCHEME)
    return source.removeprefix(SCHEME) if source is not None and bundled else None


def located(source: str, bundle: Path | None) -> str:
    """source (str): A model as the config names it.
    bundle (Path | None): The folder of the bundled models.
    RETURNS (str): The model as libraries expect it: its name on the hub, or a folder.
    RAISES (ValueError): EL086, the model is bundled, but its folder does not exist.
    """
    name = name_of(source)
    if name is None:
        return source
    if bundle is None or not (folder := bundle / name).is_dir():
        raise EL4NERValueError(Errors.EL086.format(source=source, folder=bundle or "nowhere"))
    return str(folder)


def users(things: Iterable[Any]) -> Iterator[Bundled]:
    """things (Iterable[Any]): Backends and encoders of a component.
    YIELDS (Bundled): Those that may use bundled models, wrapped backends included.
    """
    for thing in things:
        while thing is not None:
            if isinstance(thing, Bundled):
                yield thing
            thing = getattr(thing, "backend", None)


def copy(things: Iterable[Any], folder: Path) -> None:
    """Copy the bundled models of a component into a new folder.

    things (Iterable[Any]): Backends and encoders of the component.
    folder (Path): The component's new folder.
    """
    for user in users(things):
        for source in user.sources:
            name = name_of(source)
            target = folder / FOLDER / (name or "")
            if source is not None and name is not None and not target.exists():
                _copy_contents(Path(located(source, user.bundle)), target)


def _copy_contents(source: Path, target: Path) -> None:
    """Copy a folder without the permissions, which `shutil.copytree` copies. Otherwise files from a
    read-only folder could not be replaced or deleted later.
    """
    target.mkdir(parents=True)
    for path in source.iterdir():
        if path.is_dir():
            _copy_contents(path, target / path.name)
        else:
            shutil.copyfile(path, target / path.name)


def bind(things: Iterable[Any], folder: Path) -> None:
    """Tell backends and encoders where their bundled models are.

    things (Iterable[Any]): Backends and encoders of a component.
    folder (Path): The folder from which the component is loaded.
    """
    for user in users(things):
        user.bundle = folder / FOLDER
