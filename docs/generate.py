"""The pages made from code and measurements: reference.md, errors.md, tables of other pages.

    make docs

A test compares the pages with what this makes.
"""

import inspect
import re
import string
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from configparser import ConfigParser
from functools import cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any

import typer
from docstrings import described
from measured import MEASURED, measured_page
from thinc.api import Config

from spacy_el4ner import errors
from spacy_el4ner.cli import app
from spacy_el4ner.pipeline.ensemble_defaults import DEFAULT_CONFIG as ENSEMBLE
from spacy_el4ner.pipeline.fusion_defaults import DEFAULT_CONFIG as FUSION

DOCS = Path(__file__).parent
PACKAGE = DOCS.parent / "spacy_el4ner"
MADE = "<!-- Made by docs/generate.py from the code. Change the code, not this page. -->"


# errors.md


def error_page() -> str:
    """RETURNS (str): Every coded message, with what to do."""
    intro = (
        "Every message of the package begins with its code. Words in italics stand for what the "
        "message names. “Raised in” is the folder or file of `spacy_el4ner/`."
    )
    lines = ["# Errors and warnings by code", "", MADE, "", intro]
    for title, kind in (("Errors", errors.Errors), ("Warnings", errors.Warnings)):
        rows = [
            (f"<a id='{code.lower()}'></a>`{code}`", *_sentences(message), ", ".join(_raised(code)))
            for code, message in messages(kind)
        ]
        lines += ["", f"## {title}", ""]
        lines += table(("code", "what it says", "what to do", "raised in"), rows)
    return "\n".join(lines) + "\n"


def messages(kind: type) -> list[tuple[str, str]]:
    """RETURNS (list[tuple[str, str]]): Codes and messages of `Errors` or `Warnings`, in order."""
    codes = [name for name in dir(kind) if re.fullmatch(r"[EW]L\d+", name)]
    return [(code, getattr(kind, code).removeprefix(f"[{code}] ")) for code in codes]


def _sentences(message: str) -> tuple[str, str]:
    """The first sentence, which names the problem, and the rest, which names the remedy."""
    parts = [
        text + (f"*{field}*" if field is not None else "")
        for text, field, _, _ in string.Formatter().parse(message)
    ]
    first, stop, rest = "".join(parts).partition(". ")
    return first + (stop and "."), rest


def _raised(code: str) -> Iterator[str]:
    """Folders of the package, or files that lie in none, that use a code."""
    return (f"`{place}`" for place in sorted(_places()[code]))


@cache
def _places() -> Mapping[str, set[str]]:
    """Code -> where it is used."""
    places: dict[str, set[str]] = defaultdict(set)
    for path in PACKAGE.rglob("*.py"):
        if path.parent.name != "errors":
            for code in re.findall(r"\b[EW]L\d+\b", path.read_text(encoding="utf8")):
                places[code].add(path.relative_to(PACKAGE).parts[0])
    return places


# reference.md


def reference_page() -> str:
    """RETURNS (str): Components, registered functions and commands, with all of their settings."""
    lines = ["# Reference", "", MADE, ""]
    lines += [
        "[Components](#components) · [Registered functions](#registered-functions) · "
        "[Commands](#commands)",
        "",
        "## Components",
    ]
    for name, config in (("llm_ensemble_ner", ENSEMBLE), ("slm_llm_fusion", FUSION)):
        lines += ["", f"### `{name}`", "", f'`nlp.add_pipe("{name}", config={{…}})`', ""]
        lines += table(("setting", "default", "what it does"), settings(name, config))
    lines += ["", "## Registered functions", "", "For config blocks, such as:", ""]
    lines += [
        "```ini",
        "[components.llm_ensemble_ner.vote]",
        '@el4ner_vote_rules = "spacy-el4ner.ProbabilityVote.v1"',
    ]
    lines += ["```"]
    for registry, name, function in registered():
        lines += ["", f'### `@{registry} = "{name}"`', "", *_function(function)]
    lines += ["", "## Commands", "", "`python -m spacy el4ner COMMAND --help` says the same."]
    for name, command in _commands(typer.main.get_command(app)):
        lines += ["", f"### `{name}`", "", *_command(command)]
    return "\n".join(lines) + "\n"


def settings(name: str, config: str) -> list[tuple[str, str, str]]:
    """name (str): A component.
    config (str): Its default config, with a comment above each setting and section.
    RETURNS (list[tuple[str, str, str]]): Setting, default, comment.
    """
    values = Config().from_str(config)[name]
    rows, comment, section = [], "", name
    for line in config.strip().splitlines():
        if line.startswith("#"):
            comment = f"{comment} {line.removeprefix('#').strip()}".strip()
        elif line.startswith("["):
            section = line.strip("[]")
            if section != name:
                path = section.removeprefix(f"{name}.")
                rows.append((f"`{path}`", _block(values, path), comment))
            comment = ""
        elif line and section == name:
            setting, _, default = line.partition(" = ")
            rows.append((f"`{setting}`", f"`{default}`", comment))
            comment = ""
    return rows


def _block(values: Any, path: str) -> str:
    """The registered function of a section, or what it sets."""
    for part in path.split("."):
        values = values[part]
    names = [value for key, value in values.items() if key.startswith("@")]
    plain = [
        f"{key} = {_literal(value)}" for key, value in values.items() if not isinstance(value, dict)
    ]
    return f"`{names[0]}`" if names else ", ".join(f"`{text}`" for text in plain)


def registered() -> Iterator[tuple[str, str, Callable[..., Any]]]:
    """YIELDS (tuple[str, str, Callable]): Registry, name and function of each entry point."""
    config = ConfigParser(delimiters=("=",))
    config.optionxform = str  # type: ignore[assignment,method-assign]
    config.read(DOCS.parent / "setup.cfg", encoding="utf8")
    for group, lines in config["options.entry_points"].items():
        registry = group.removeprefix("spacy_")
        if registry in ("factories", "cli", "el4ner_languages"):
            continue
        for line in lines.strip().splitlines():
            name, _, where = (part.strip() for part in line.partition("="))
            module, _, attribute = where.partition(":")
            yield registry, name, getattr(import_module(module), attribute)


def _function(function: Callable[..., Any]) -> Iterator[str]:
    """What it returns, and its parameters."""
    yield summary(function)
    if parameters := list(inspect.signature(function).parameters.values()):
        yield ""
        yield from table(
            ("setting", "type", "default", "what it does"),
            [
                (
                    f"`{p.name}`",
                    f"`{_type(p.annotation)}`",
                    "" if p.default is p.empty else f"`{_literal(p.default)}`",
                    explained(function, p.name),
                )
                for p in parameters
            ],
        )


def _docstring(thing: Any) -> str:
    return inspect.getdoc(thing) or ""


def summary(function: Callable[..., Any]) -> str:
    """RETURNS (str): What a function returns, or the first paragraph about a class."""
    return described(_docstring(function)).get("RETURNS") or _docstring(function).split("\n\n")[0]


def explained(function: Callable[..., Any], parameter: str) -> str:
    """RETURNS (str): What a parameter does, as the function's docstring says, or that of a class which
    the docstring names in full; "" where neither does.
    """
    own = described(_docstring(function))
    if parameter in own:
        return own[parameter]
    for path in re.findall(r"`(spacy_el4ner[\w.]+)`", inspect.getdoc(function) or ""):
        module, _, name = path.rpartition(".")
        if text := described(_docstring(getattr(import_module(module), name))).get(parameter):
            return text
    return ""


def _commands(group: Any, before: str = "") -> Iterator[tuple[str, Any]]:
    """Names and commands of a group, those of groups within it included."""
    for name, command in sorted(group.commands.items()):
        yield before + name, command
        if hasattr(command, "commands"):
            yield from _commands(command, f"{before}{name} ")


def _command(command: Any) -> Iterator[str]:
    """What it does, how it is called, its arguments and options."""
    about, _, example = (command.help or "").partition("Example:")
    yield " ".join(about.split())
    if example:
        yield ""
        yield from ("```console", " ".join(example.replace("\\", " ").split()), "```")
    yield ""
    rows = []
    for parameter in command.params:
        if parameter.name == "help":
            continue
        is_option = parameter.param_type_name == "option"
        names = [*parameter.opts, *parameter.secondary_opts]
        names = names if is_option else [parameter.metavar or parameter.name.upper()]
        rows.append(
            (", ".join(f"`{name}`" for name in names), _default(parameter), parameter.help or "")
        )
    if rows:
        yield from table(("argument or option", "default", "what it is"), rows)


def _default(parameter: Any) -> str:
    value = getattr(parameter.default, "value", parameter.default)
    if parameter.required or value is None or value is False or value == "":
        return ""
    return f"`{parameter.opts[0] if value is True else value}`"


# Markdown


def table(header: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> list[str]:
    """RETURNS (list[str]): The lines of a Markdown table."""

    def line(cells: Iterable[str]) -> str:
        return f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"

    return [line(header), line("---" for _ in header), *map(line, rows)]


def _type(annotation: Any) -> str:
    """A type without the modules that its parts come from."""
    return re.sub(r"\b(?:\w+\.)+(?=\w)", "", inspect.formatannotation(annotation))


def _literal(value: Any) -> str:
    """A value as configs write it."""
    words = {None: "null", True: "true", False: "false"}
    if value is None or isinstance(value, bool):
        return words[value]
    return f'"{value}"' if isinstance(value, str) else str(value)


PAGES = {
    "reference.md": reference_page,
    "errors.md": error_page,
    **{name: partial(measured_page, name) for name in MEASURED},
}

if __name__ == "__main__":
    for name, make in PAGES.items():
        (DOCS / name).write_text(make(), encoding="utf8")
        print(DOCS / name)
