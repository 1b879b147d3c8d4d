"""What the terminal and the page say in the same words."""

from typing import Any

SHOWN = 0.1
"""Probability from which an option is shown beside the chosen one."""


def ballot(vote: dict[str, Any]) -> str:
    """RETURNS (str): A vote: the label with its probability, and the runner-up where there is one."""
    others = {label: p for label, p in vote["probabilities"].items() if label != vote["label"]}
    second = max(others, key=lambda label: others[label], default=None)
    said = f"{named(vote['label'])} {number(vote['probability'])}"
    if vote["estimated"]:
        return f"{said}, estimated"
    if second is None or others[second] < SHOWN:
        return said
    return f"{said} ({named(second)} {number(others[second])})"


def named(label: str) -> str:
    """RETURNS (str): A label, or what stands for "no entity"."""
    return label or "none"


def number(value: float | None) -> str:
    """RETURNS (str): A probability with two digits; "?" where there is none."""
    return "?" if value is None else f"{value:.2f}"


def marked(text: str, entities: list[dict[str, Any]]) -> str:
    """RETURNS (str): A text with its entities in brackets: "[Ann|PERSON] left."."""
    for entity in sorted(entities, key=lambda e: e["start"], reverse=True):
        start, end = entity["start"], entity["end"]
        text = f"{text[:start]}[{text[start:end]}|{entity['label']}]{text[end:]}"
    return text
