"""What a command writes: whether it may and can, before the work; and how, after it."""

import os
from pathlib import Path

from spacy_el4ner.cli.options import telling_mistakes
from spacy_el4ner.errors import Errors
from spacy_el4ner.pipeline.saving import check_replaceable
from spacy_el4ner.storage.atomic import replacing


def check_file(out: Path, *inputs: Path, suffix: str = "") -> None:
    """End the command where a file cannot be written, or should not be.

    out (Path): The file.
    inputs (Path): What is read, and must stay.
    suffix (str): How its name must end; "" for any.
    """
    with telling_mistakes():
        if not out.name.endswith(suffix):
            raise ValueError(Errors.EL131.format(out=out, suffix=suffix))
        for source in inputs:
            if source.resolve() == out.resolve():
                raise ValueError(Errors.EL121.format(source=source, out=out))
        if out.exists() and not out.is_file():
            raise ValueError(Errors.EL132.format(path=out, problem="it is there, and is no file"))
        _check_place(out, out.absolute().parent)


def check_folder(out: Path, source: Path) -> None:
    """out (Path): A folder to write files in. End the command where that cannot be done.
    source (Path): What is read; its files must stay.
    """
    with telling_mistakes():
        if source.resolve() == out.resolve():
            raise ValueError(Errors.EL121.format(source=source, out=out))
        _check_place(out, out.absolute())


def check_pipeline_out(out: Path, *inputs: Path) -> None:
    """out (Path): Where a pipeline goes. End the command where it would replace something else.
    inputs (Path): What is read, and must stay: they, and what they lie in, are no place for it.
    """
    check_model_out(out, *inputs)
    with telling_mistakes():
        check_replaceable(out)


def check_model_out(out: Path, *inputs: Path) -> None:
    """out (Path): Where a model goes. End the command where it would replace what it is made from, or
        cannot be written.
    inputs (Path): What is read, and must stay: they, and what they lie in, are no place for it.
    """
    with telling_mistakes():
        replaced = out.resolve()
        for source in inputs:
            if replaced in (source.resolve(), *source.resolve().parents):
                raise ValueError(Errors.EL121.format(source=source, out=out))
        _check_place(out, out.absolute().parent)


def write(out: Path, text: str) -> None:
    """out (Path): The file to write, whole or not at all.
    text (str): What it will hold.
    """
    with telling_mistakes(), replacing(out) as file:
        file.write(text.encode("utf8"))


def _check_place(path: Path, folder: Path) -> None:
    """RAISES (ValueError): EL132, the folder is not there and cannot be made, or is not writable."""
    nearest = next(place for place in (folder, *folder.parents) if os.path.exists(place))
    if not nearest.is_dir():
        raise ValueError(Errors.EL132.format(path=path, problem=f"'{nearest}' is no folder"))
    if not os.access(nearest, os.W_OK | os.X_OK):
        problem = f"nothing may be written to '{nearest}'"
        raise ValueError(Errors.EL132.format(path=path, problem=problem))
