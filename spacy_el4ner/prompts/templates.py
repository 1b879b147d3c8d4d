"""Folders of Jinja templates."""

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path

import jinja2

HERE = Path(__file__).parent


def find(name: str, inside: str = "") -> Path:
    """name (str): A folder of the package, or any other.
    inside (str): The folder of the package that holds the ones of this kind.
    RETURNS (Path): The folder; it need not exist.
    """
    packaged = HERE / inside / name
    return packaged if packaged.is_dir() else Path(name)


def missing(folder: Path, names: Sequence[str]) -> list[str]:
    """RETURNS (list[str]): The templates that the folder lacks."""
    return [name for name in names if not (folder / f"{name}.jinja").is_file()]


@lru_cache(maxsize=32)
def load(folder: Path, names: tuple[str, ...]) -> dict[str, jinja2.Template]:
    """RETURNS (dict[str, Template]): Name -> template."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(folder),
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        autoescape=False,  # prompts are plain text, not HTML
    )
    return {name: environment.get_template(f"{name}.jinja") for name in names}
