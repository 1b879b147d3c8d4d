"""The parts of a component written to bytes and to a folder, and read back; and whole pipelines."""

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import srsly
from spacy import util
from spacy.language import Language

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.storage import bundle, manifest
from spacy_el4ner.storage.atomic import replacing_folder

Writers = Mapping[str, Callable[[], bytes]]
"""Name of a part, which is also that of its file -> gives its bytes."""
Readers = Mapping[str, Callable[[bytes], object]]
"""The same names -> take these bytes, in this order."""


def to_disk(
    path: str | Path, writers: Writers, exclude: Iterable[str], models: Iterable[Any] = ()
) -> None:
    """path (str | Path): The component's folder. It is replaced as a whole, or stays as it was.
    writers (Writers): Its parts.
    exclude (Iterable[str]): Names of parts to leave out; "models" are the bundled models.
    models (Iterable[Any]): Backends and encoders, whose bundled models are copied along.
    RAISES (ValueError): EL130, the folder holds something that saving a component did not write, or it
        is a file.
    """
    path = Path(path)
    _check_replaceable(path, lambda: manifest.listed(path) or writers.keys())
    # Who writes a single component changes the pipeline that its manifest was made of.
    (path.parent / manifest.NAME).unlink(missing_ok=True)
    with replacing_folder(path) as folder:
        util.to_disk(folder, {name: _file_writer(write) for name, write in writers.items()}, exclude)
        if bundle.FOLDER not in exclude:
            bundle.copy(models, folder)
        manifest.write(folder)


def from_disk(
    path: str | Path, readers: Readers, exclude: Iterable[str], models: Iterable[Any] = ()
) -> None:
    """path (str | Path): A folder that `to_disk` wrote.
    readers (Readers): Take its parts.
    exclude (Iterable[str]): Names of parts to leave as they are.
    models (Iterable[Any]): Backends and encoders, which are told where their bundled models are.
    RAISES (ValueError): The pipeline that the folder is in, or else the folder, is not what was saved,
        says its manifest; or a part is missing. Without a manifest nothing else is known.
    """
    path = Path(path)
    for folder in (path.parent, path):
        if (folder / manifest.NAME).exists():
            manifest.verify(folder)
            break
    missing = [name for name in readers if name not in exclude and not (path / name).is_file()]
    if missing:
        raise EL4NERValueError(Errors.EL083.format(path=path, file=missing[0]))
    bundle.bind(models, path)
    util.from_disk(path, {name: _file_reader(read) for name, read in readers.items()}, exclude)


def from_bytes(data: bytes, readers: Readers, exclude: Iterable[str]) -> None:
    """data (bytes): What `to_bytes` wrote.
    readers (Readers): Take its parts.
    exclude (Iterable[str]): Names of parts to leave as they are.
    RAISES (ValueError): EL316, a part is missing, or the bytes are not those of a component.
    """
    excluded = set(exclude)
    try:
        parts = srsly.msgpack_loads(data)
        missing = [name for name in readers if name not in excluded and name not in parts]
    except (ValueError, TypeError) as error:
        raise EL4NERValueError(Errors.EL316.format(problem=error)) from error
    if missing:
        raise EL4NERValueError(Errors.EL316.format(problem=f"'{missing[0]}' is missing"))
    util.from_bytes(data, dict(readers), excluded)


def check_replaceable(path: Path) -> None:
    """path (Path): Where a pipeline goes.
    RAISES (ValueError): EL130, the folder holds something that is not part of a saved pipeline, or it
        is a file.
    """
    _check_replaceable(path, lambda: _parts_of_pipeline(path))


def _check_replaceable(path: Path, parts: Callable[[], Collection[str]]) -> None:
    """path (Path): The folder to be replaced.
    parts (Callable[[], Collection[str]]): Gives the names of the files that may be lost, and of the
        folders that may be lost with all that is in them.
    RAISES (ValueError): EL130, something else is there.
    """
    if not path.exists():
        return
    names = manifest.present(path) if path.is_dir() else {path.name}
    if not names:
        return
    known = parts() if path.is_dir() else ()
    if any(name not in known and name.partition("/")[0] not in known for name in names):
        raise EL4NERValueError(Errors.EL130.format(path=path))


def _parts_of_pipeline(path: Path) -> Collection[str]:
    """The files and folders of a saved pipeline, by its manifest or its config; nothing where it has
    neither.
    """
    if names := manifest.listed(path):
        return names
    config = path / "config.cfg"
    if not config.is_file():
        return ()
    components = util.load_config(config, interpolate=False).get("nlp", {}).get("pipeline", [])
    parts = {f"{name}{suffix}" for name in components for suffix in ("", ".json", ".jsonl")}
    return parts | {config.name, "tokenizer", "vocab"}


@contextmanager
def saving_pipeline(nlp: Language, path: Path) -> Iterator[Path]:
    """nlp (Language): A pipeline.
    path (Path): Where it goes. A pipeline that is there is replaced as a whole, or stays as it was.
    YIELDS (Path): The folder with the pipeline, before it is moved there, to put more files in.
    RAISES (ValueError): EL130, something else is there.
    """
    check_replaceable(path)
    with replacing_folder(path) as folder:
        nlp.to_disk(folder)
        yield folder
        manifest.write(folder)


def save_pipeline(nlp: Language, path: Path) -> None:
    """nlp (Language): A pipeline.
    path (Path): Where it goes. A pipeline that is there is replaced as a whole, or stays as it was.
    RAISES (ValueError): EL130, something else is there.
    """
    with saving_pipeline(nlp, path):
        pass


def _file_writer(write: Callable[[], bytes]) -> Callable[[Path], None]:
    def write_file(path: Path) -> None:
        path.write_bytes(write())

    return write_file


def _file_reader(read: Callable[[bytes], object]) -> Callable[[Path], None]:
    def read_file(path: Path) -> None:
        read(path.read_bytes())

    return read_file
