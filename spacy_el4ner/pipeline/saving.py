"""The parts of a component written to bytes and to a folder, and read back; and whole pipelines."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from spacy import util
from spacy.language import Language

from spacy_el4ner.errors import Errors
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
    """
    path = Path(path)
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
        raise ValueError(Errors.EL083.format(path=path, file=missing[0]))
    bundle.bind(models, path)
    util.from_disk(path, {name: _file_reader(read) for name, read in readers.items()}, exclude)


def check_replaceable(path: Path) -> None:
    """path (Path): Where a pipeline goes.
    RAISES (ValueError): EL130, there is something else, which would be lost.
    """
    if path.is_dir():
        replaceable = (path / "config.cfg").is_file() or not any(path.iterdir())
    else:
        replaceable = not path.exists()
    if not replaceable:
        raise ValueError(Errors.EL130.format(path=path))


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
