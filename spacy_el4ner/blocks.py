"""Checks that a block of a config is of the kind that its setting takes.

A protocol is marked with the registry that its blocks come from (`resolves`). A function that takes
blocks refuses those of another kind (`checks_blocks`); spaCy's own validation of a config does not.
"""

import inspect
from collections.abc import Callable, Iterator, Mapping
from functools import wraps
from typing import Any, ParamSpec, TypeVar, get_args, get_type_hints

from spacy_el4ner.errors import EL4NERValueError, Errors

P = ParamSpec("P")
R = TypeVar("R")

PROTOCOLS: dict[type, str] = {}
"""Protocol -> the registry that its blocks come from."""


def resolves(kind: str) -> Callable[[type[R]], type[R]]:
    """kind (str): The name of a registry, such as "el4ner_formats".
    RETURNS (Callable): Marks a protocol as the kind of its blocks.
    """

    def mark(protocol: type[R]) -> type[R]:
        PROTOCOLS[protocol] = kind
        return protocol

    return mark


def checks_blocks(function: Callable[P, R]) -> Callable[P, R]:
    """Let a function refuse blocks of the wrong kind, by the annotations of its parameters.

    function (Callable): A factory, or the `__init__` of a registered class. A parameter may be
        annotated with a marked protocol, with a union that has one, or with a mapping to one; where
        spaCy's validation must not see the protocol, `Annotated[Any, protocol]` stands for it.
    RETURNS (Callable): The function, which raises EL120 where a block is of the wrong kind.
    """

    @wraps(function)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        hints = get_type_hints(function, include_extras=True)
        given = inspect.signature(function).bind(*args, **kwargs).arguments
        owner = str(given.get("name") or type(given.get("self")).__name__)
        for setting, value in given.items():
            if value is not None and (expected := list(_protocols(hints.get(setting)))):
                _check(value, setting, owner, expected)
        return function(*args, **kwargs)

    # spaCy reads the parameters of a factory without following wrappers.
    checked.__signature__ = inspect.signature(function)  # type: ignore[attr-defined]
    return checked


def _protocols(hint: Any) -> Iterator[type]:
    """The marked protocols in an annotation."""
    if isinstance(hint, type) and hint in PROTOCOLS:
        yield hint
    for part in (*get_args(hint), *getattr(hint, "__metadata__", ())):
        if not isinstance(part, str):
            yield from _protocols(part)


def _check(value: Any, setting: str, owner: str, expected: list[type]) -> None:
    if isinstance(value, Mapping):
        for key, one in value.items():
            _check(one, f"{setting}.{key}", owner, expected)
    elif not any(_implements(value, protocol) for protocol in expected):
        kinds = " or ".join(f'"@{PROTOCOLS[protocol]}"' for protocol in expected)
        given = type(value).__name__
        raise EL4NERValueError(
            Errors.EL120.format(setting=setting, name=owner, given=given, kinds=kinds)
        )


def _implements(value: Any, protocol: type) -> bool:
    """Like `isinstance`, but without computing properties, which Python 3.11 does: those of a backend
    load its model.
    """
    if not getattr(protocol, "_is_protocol", False):
        return isinstance(value, protocol)
    names = {*vars(protocol), *getattr(protocol, "__annotations__", ())}
    members = [name for name in names if name == "__call__" or not name.startswith("_")]
    missing = object()
    return all(inspect.getattr_static(value, name, missing) is not missing for name in members)
