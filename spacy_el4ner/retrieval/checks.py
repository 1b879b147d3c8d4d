"""Checks of settings and of indices."""

import math
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors


def check_range(retriever: Any, least: float, most: float, **settings: float) -> None:
    """retriever (Retriever): Whose settings they are.
    least (float), most (float): The range of their values, `math.inf` for no upper end.
    **settings (float): Name -> value.
    RAISES (ValueError): EL363, a value is out of range.
    """
    for name, value in settings.items():
        if not least <= value <= most:
            limits = f"at least {least:g}" if math.isinf(most) else f"from {least:g} to {most:g}"
            kind = type(retriever).__name__
            raise EL4NERValueError(
                Errors.EL363.format(setting=name, kind=kind, value=value, limits=limits)
            )


def check_index(data: dict[str, Any], retriever: Any, *parts: str) -> None:
    """data (dict[str, Any]): A saved index.
    retriever (Retriever): Who is to have it; its vectors come from its `encoder`.
    parts (str): What it needs of it.
    RAISES (ValueError): The index was made by another retriever or encoder.
    """
    if missing := [part for part in ("encoder", *parts) if part not in data]:
        kind = type(retriever).__name__
        raise EL4NERValueError(Errors.EL126.format(kind=kind, missing=", ".join(missing)))
    if data["encoder"] != retriever.encoder.name:
        raise EL4NERValueError(
            Errors.EL012.format(found=data["encoder"], expected=retriever.encoder.name)
        )


def keep_up(retriever: Any) -> None:
    """Index the pool again if the encoder has become another one, as a tagger's vectors do when it is
    trained.

    retriever (Retriever): It has an `encoder`, a `pool`, and in `indexed_by` the name of the
        encoder that it was indexed with.
    """
    if retriever.pool and retriever.indexed_by != retriever.encoder.name:
        retriever.index(retriever.pool)
