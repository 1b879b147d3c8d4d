"""A check that every public definition has a docstring with all of its parameters and its result.

    python docs/check_docstrings.py            all gaps
    python docs/check_docstrings.py ROOM …     the gaps of these rooms, such as `formats`

The parameters of a class stand in its docstring or in that of `__init__`; those of a command stand in
its `help`.
"""

import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import griffe
from docstrings import RESULT, described

DOCS = Path(__file__).parent
PACKAGE = DOCS.parent / "spacy_el4ner"
SPECIAL = ("__call__",)
NO_RESULT = ("", "None", "Never", "NoReturn", "Iterator[None]")
FIELDS_ARE_PARAMETERS = ("NamedTuple", "TypedDict")


def gaps(package: Path) -> Iterator[tuple[str, int, str]]:
    """package (Path): The folder of a package, which is read and not imported.
    YIELDS (tuple[str, int, str]): File, line and description of each gap.
    """
    tree = griffe.load(package.name, search_paths=[package.parent])
    for thing in _public(tree):
        where = str(thing.relative_package_filepath), thing.lineno or 1
        name = thing.path.removeprefix(f"{package.name}.")
        if not thing.has_docstring:
            yield *where, f"{name} has no docstring"
            continue
        documented = _documented(thing)
        if missing := [name for name in _parameters(thing) if name not in documented]:
            yield *where, f"{name} does not describe {', '.join(missing)}"
        if _has_result(thing) and not RESULT.search(thing.docstring.value):
            yield *where, f"{name} has neither RETURNS nor YIELDS"


def _public(thing: griffe.Object) -> Iterator[griffe.Object]:
    """Modules, classes, functions, methods and properties whose whole path is public."""
    yield thing
    for name, member in thing.members.items():
        if member.is_alias or (member.is_attribute and not member.has_labels("property")):
            continue
        if not name.startswith("_") or name in SPECIAL:
            yield from _public(member)


def _parameters(thing: griffe.Object) -> list[str]:
    """The names that a docstring has to describe."""
    if thing.is_class and any(str(base).endswith(FIELDS_ARE_PARAMETERS) for base in thing.bases):
        return [name for name, member in thing.members.items() if member.is_attribute]
    function = thing.members.get("__init__") if thing.is_class else thing
    if function is None or not function.is_function or _is_command(function):
        return []
    names = [parameter.name.lstrip("*") for parameter in function.parameters]
    return [name for name in names if name not in ("self", "cls") and not name.startswith("_")]


def _documented(thing: griffe.Object) -> set[str]:
    """The names that the docstrings of a function, or those of a class and its `__init__`, describe."""
    init = thing.members.get("__init__") if thing.is_class else None
    docstrings = [part.docstring.value for part in (thing, init) if part and part.has_docstring]
    return {name for docstring in docstrings for name in described(docstring)}


def _has_result(thing: griffe.Object) -> bool:
    return thing.is_function and str(thing.returns or "") not in NO_RESULT and not _is_command(thing)


def _is_command(function: griffe.Object) -> bool:
    return any(".command" in str(decorator.value) for decorator in function.decorators)


def room(file: str) -> str:
    """file (str): A file's path that begins with the package's name.
    RETURNS (str): The folder of the package that it is in, or its own name.
    """
    return Path(file).parts[1]


def main(rooms: Sequence[str]) -> int:
    """rooms (Sequence[str]): The rooms to check; none for all.
    RETURNS (int): The exit status: 1 if there are gaps.
    """
    found = [gap for gap in sorted(gaps(PACKAGE)) if not rooms or room(gap[0]) in rooms]
    for file, line, text in found:
        print(f"{file}:{line}: {text}")
    print(f"{len(found)} gaps in docstrings")
    return int(bool(found))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
