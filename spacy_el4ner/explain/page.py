"""The explanation as one HTML file, without scripts or network access."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from spacy_el4ner.explain.structure import FUSION
from spacy_el4ner.explain.words import SIDES, answered, named, number, summary


def page(data: dict[str, Any]) -> str:
    """data (dict[str, Any]): The explanation.
    RETURNS (str): The HTML; every text in it is escaped.
    """
    hues = {label: round(n * 360 / len(data["labels"])) for n, label in enumerate(data["labels"])}
    name = "fusion" if data["method"] == FUSION else "ensemble"
    return _templates().get_template(f"{name}.html.jinja").render(**data, hues=hues)


def pieces(text: str, entities: list[dict[str, Any]], start: int = 0) -> Iterator[tuple[str, str]]:
    """text (str): A part of a text.
    entities (list[dict[str, Any]]): Entities that do not overlap.
    start (int): Offset of the text in whatever the entities' offsets refer to.
    YIELDS (tuple[str, str]): The text in pieces, each with its label or "".
    """
    at = 0
    for entity in sorted(entities, key=lambda e: e["start"]):
        first, end = entity["start"] - start, entity["end"] - start
        if at <= first and end <= len(text):
            yield text[at:first], ""
            yield text[first:end], entity["label"]
            at = end
    yield text[at:], ""


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("spacy_el4ner.explain", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.globals.update(answered=answered, pieces=pieces, sides=SIDES, summary=summary)
    environment.filters.update(named=named, number=number)
    return environment
