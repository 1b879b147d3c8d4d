"""A check of the installed wheel, which `make dist` runs in an environment that has nothing else.

python tests/check_wheel.py WHEEL
"""

import sys
from importlib.metadata import distribution
from pathlib import Path
from zipfile import ZipFile

import spacy

import spacy_el4ner

SOURCE = Path(__file__).parent.parent / "spacy_el4ner"
COMPONENTS = ("slm_llm_fusion", "llm_ensemble_ner")


def left_out(wheel: Path) -> list[str]:
    """wheel (Path): The wheel that is installed.
    RETURNS (list[str]): Files of the package's source that it does not hold.
    """
    files = {path.relative_to(SOURCE.parent).as_posix() for path in SOURCE.rglob("*.*")}
    packed = set(ZipFile(wheel).namelist())
    return sorted(file for file in files - packed if "__pycache__" not in file)


def main(wheel: Path) -> None:
    """wheel (Path): The wheel that is installed."""
    assert SOURCE not in Path(spacy_el4ner.__file__).parents, "imported from the checkout"
    assert not left_out(wheel), f"not in the wheel: {left_out(wheel)}"
    installed = distribution("spacy-el4ner")
    assert installed.version == spacy_el4ner.__version__
    points = installed.entry_points
    for point in points:
        point.load()
    nlp = spacy.blank("en")
    for component in COMPONENTS:
        nlp.add_pipe(component)
    print(f"{wheel.name}: {len(points)} entry points load, and both components can be added")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
