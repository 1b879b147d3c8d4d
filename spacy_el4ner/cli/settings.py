"""Options of a command from the fields of a settings dataclass."""

import inspect
from collections.abc import Callable
from dataclasses import Field, fields
from functools import wraps
from typing import Annotated, Any, get_type_hints

import typer

from spacy_el4ner.cli.options import telling_mistakes

Command = Callable[..., None]


def options_from(settings: type[Any]) -> Callable[[Command], Command]:
    """Replace the parameter of a command that is annotated with a settings class by one option a field.

    The command then gets an object of the class. A field becomes an option if it was made by
    `spacy_el4ner.settings.setting`; other fields keep their defaults.

    settings (type): A dataclass.
    RETURNS (Callable): The decorator, to be put under `app.command`.
    """
    hints = get_type_hints(settings)
    described = [field for field in fields(settings) if "help" in field.metadata]

    def decorate(command: Command) -> Command:
        signature = inspect.signature(command, eval_str=True)
        parameters: list[inspect.Parameter] = []
        for parameter in signature.parameters.values():
            if parameter.annotation is settings:
                target = parameter.name
                parameters += [_option(field, hints[field.name]) for field in described]
            else:
                # Keywords may come in any order, with and without defaults.
                parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))

        @wraps(command)
        def run(**values: Any) -> None:
            chosen = {field.name: values.pop(field.name) for field in described}
            with telling_mistakes():
                instance = settings(**chosen)
            command(**values, **{target: instance})

        run.__signature__ = signature.replace(parameters=parameters)  # type: ignore[attr-defined]
        run.__annotations__ = {p.name: p.annotation for p in parameters}
        return run

    return decorate


def _option(field: "Field[Any]", kind: Any) -> inspect.Parameter:
    names = field.metadata["names"]
    if not names and field.default is False:
        names = (f"--{field.name.replace('_', '-')}",)  # a switch, without its opposite
    limits = {key: field.metadata[key] for key in ("min", "max")}
    option = typer.Option(*names, help=field.metadata["help"], **limits)
    return inspect.Parameter(
        field.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=field.default,
        annotation=Annotated[kind, option],
    )
