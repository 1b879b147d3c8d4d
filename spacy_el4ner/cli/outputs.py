"""The outputs of commands: checks before the work that they can be written, and writing them."""

import os
from pathlib import Path

from spacy_el4ner.cli.options import telling_mistakes
from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.pipeline.saving import check_replaceable
from spacy_el4ner.storage.atomic import replacing


def check_file(out: Path, *inputs: Path, suffix: str = "") -> None:
    """End the command if a file cannot be written or would replace an input.

    out (Path): The file.
    inputs (Path): The inputs of the command.
    suffix (str): The required suffix of its name; "" for any.
    """
    with telling_mistakes():
        if not out.name.endswith(suffix):
            raise EL4NERValueError(Errors.EL131.format(out=out, suffix=suffix))
        for source in inputs:
            if source.resolve() == out.resolve():
                raise EL4NERValueError(Errors.EL121.format(source=source, out=out))
        if out.exists() and not out.is_file():
            raise EL4NERValueError(Errors.EL132.format(path=out, problem="it exists and is not a file"))
        _check_place(out, out.absolute().parent)


def check_folder(out: Path, source: Path) -> None:
    """End the command if files cannot be written to a folder or would replace an input.

    out (Path): The folder.
    source (Path): The input of the command.
    """
    with telling_mistakes():
        if source.resolve() == out.resolve():
            raise EL4NERValueError(Errors.EL121.format(source=source, out=out))
        _check_place(out, out.absolute())


def check_pipeline_out(out: Path, *inputs: Path) -> None:
    """End the command if a pipeline would replace something else or cannot be written.

    out (Path): The folder of the pipeline.
    inputs (Path): The inputs of the command; the folder must not be one of them or contain one.
    """
    check_model_out(out, *inputs)
    with telling_mistakes():
        check_replaceable(out)


def check_model_out(out: Path, *inputs: Path) -> None:
    """End the command if a model would replace what it is made from or cannot be written.

    out (Path): The folder of the model.
    inputs (Path): The inputs of the command; the folder must not be one of them or contain one.
    """
    with telling_mistakes():
        replaced = out.resolve()
        for source in inputs:
            if replaced in (source.resolve(), *source.resolve().parents):
                raise EL4NERValueError(Errors.EL121.format(source=source, out=out))
        _check_place(out, out.absolute().parent)


def write(out: Path, text: str) -> None:
    """Write a file, completely or not at all.

    out (Path): The file.
    text (str): Its content.
    """
    with telling_mistakes(), replacing(out) as file:
        file.write(text.encode("utf8"))


def _check_place(path: Path, folder: Path) -> None:
    """Raise EL132 if a folder does not exist and cannot be made, or is not writable."""
    nearest = next(place for place in (folder, *folder.parents) if os.path.exists(place))
    if not nearest.is_dir():
        raise EL4NERValueError(Errors.EL132.format(path=path, problem=f"'{nearest}' is not a folder"))
    if not os.access(nearest, os.W_OK | os.X_OK):
        problem = f"'{nearest}' is not writable"
        raise EL4NERValueError(Errors.EL132.format(path=path, problem=problem))
