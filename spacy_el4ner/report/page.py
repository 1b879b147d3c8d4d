"""The report as one HTML file that needs nothing else: no network, no other file."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spacy_el4ner.report import tables
from spacy_el4ner.report.judging import Tally

ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""What would end a script, or a line of one; the same in JSON."""


def page(
    sections: Sequence[tables.Section], data: dict[str, Any], tally: Tally, title: str = "Report"
) -> str:
    """sections (Sequence[Section]): What was measured.
    data (dict[str, Any]): The documents, as `structure` returned them.
    tally (Tally): What it counted.
    title (str): Of the page.
    RETURNS (str): The HTML. Texts are in it as JSON, and only ever shown as text.
    """
    points, error = tables.calibration(tally)
    script = _source("page.js")
    return (
        _environment()
        .get_template("page.html.jinja")
        .render(
            title=title,
            sections=sections,
            points=points,
            error=error,
            found=[tables.type_errors(tally), tables.model_errors(tally), tables.confusion(tally)]
            if data["gold"]
            else [],
            documents=len(data["documents"]),
            gold=data["gold"],
            hues={
                label: round(n * 360 / len(data["labels"])) for n, label in enumerate(data["labels"])
            },
            style=Markup(_source("page.css")),
            script=Markup(script),
            digest=b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            data=Markup(embedded(data)),
        )
    )


def embedded(data: Any) -> str:
    """data (Any): Plain data.
    RETURNS (str): It as JSON that can stand in a script of a page, whatever texts are in it.
    """
    said = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return said.translate(ESCAPED)


def _source(name: str) -> str:
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("spacy_el4ner.report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
