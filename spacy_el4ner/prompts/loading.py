"""Folders of Jinja templates."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import jinja2

from spacy_el4ner.languages import find_language

HERE = Path(__file__).parent


def find(name: str, inside: str = "") -> Path:
    """name (str): Templates of this room, such as "compact/terse"; the code of a language; or a folder.
    inside (str): The subfolder with the templates of a kind, in this room and in that of a language.
    RETURNS (Path): The folder of the templates; it need not exist.
    """
    packaged = HERE / inside / name
    if packaged.is_dir():
        return packaged
    prompts = find_language(name).prompts
    return Path(name) if prompts is None else prompts / inside


def missing(folder: Path, names: Sequence[str]) -> list[str]:
    """folder (Path): A folder of templates.
    names (Sequence[str]): The templates that it should have.
    RETURNS (list[str]): Those that it lacks.
    """
    return [name for name in names if not (folder / f"{name}.jinja").is_file()]


@lru_cache(maxsize=32)
def load(folder: Path, names: tuple[str, ...]) -> dict[str, jinja2.Template]:
    """folder (Path): A folder of templates.
    names (tuple[str, ...]): The templates that are wanted.
    RETURNS (dict[str, Template]): Name -> template.
    """
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # prompts are plain text, not HTML
    )
    return {name: environment.get_template(f"{name}.jinja") for name in names}
