"""The page as one HTML file that needs no network and no other file."""

import hashlib
import json
from base64 import b64encode
from collections.abc import Sequence
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from spacy_el4ner.html_report import tables
from spacy_el4ner.html_report.outcomes import MentionTally

ESCAPED = {ord(character): f"\\u{ord(character):04x}" for character in "<>&\u2028\u2029"}
"""Characters that would end a script or a line of it, and their escapes in JSON."""


def page(
    sections: Sequence[tables.Section], data: dict[str, Any], tally: MentionTally, title: str = "Report"
) -> str:
    """sections (Sequence[Section]): The measured figures.
    data (dict[str, Any]): The documents, as `page_data` returned them.
    tally (MentionTally): The counts that `page_data` returned.
    title (str): Title of the page.
    RETURNS (str): The HTML. Texts are embedded as JSON and only ever shown as text.
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
            error_tables=[
                tables.label_errors(tally),
                tables.model_errors(tally),
                tables.confusion(tally),
            ]
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
    RETURNS (str): The data as JSON that is safe in a script of a page, whatever texts it contains.
    """
    encoded = json.dumps(data, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return encoded.translate(ESCAPED)


def _source(name: str) -> str:
    environment = _environment()
    assert environment.loader is not None
    return environment.loader.get_source(environment, name)[0]


@cache
def _environment() -> Environment:
    return Environment(
        loader=PackageLoader("spacy_el4ner.html_report", "."),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
