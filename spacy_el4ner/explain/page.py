"""The explanation as one HTML file that needs nothing else: no script, no network."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined

from spacy_el4ner.explain.structure import FUSION
from spacy_el4ner.explain.words import RULES, SIDES, answered, named, number, said


def page(data: dict[str, Any]) -> str:
    """data (dict[str, Any]): What `explain` returned.
    RETURNS (str): The HTML; every text in it is escaped.
    """
    hues = {label: round(n * 360 / len(data["labels"])) for n, label in enumerate(data["labels"])}
    name = "fusion" if data["method"] == FUSION else "ensemble"
    return _templates().get_template(f"{name}.html.jinja").render(**data, hues=hues)


def pieces(text: str, entities: list[dict[str, Any]], start: int = 0) -> Iterator[tuple[str, str]]:
    """text (str): A stretch of text.
    entities (list[dict[str, Any]]): Entities that do not overlap.
    start (int): Where the stretch begins in what the entities' offsets count.
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
    environment.globals.update(answered=answered, pieces=pieces, rules=RULES, said=said, sides=SIDES)
    environment.filters.update(named=named, number=number)
    return environment
