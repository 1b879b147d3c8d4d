"""Words shared by the terminal and the page."""

from collections.abc import Iterable
from typing import Any

SHOWN = 0.1
"""Probability from which an option is shown next to the chosen one."""
SIDES = {"slm": "the tagger", "llm": "the language model", "both": "both"}
"""Whose an entity of the fusion is."""


def ballot(vote: dict[str, Any]) -> str:
    """vote (dict[str, Any]): A vote of the explanation.
    RETURNS (str): Its label and probability, and the runner-up if there is one.
    """
    if vote["abstained"]:
        return "abstains"
    others = {label: p for label, p in vote["probabilities"].items() if label != vote["label"]}
    second = max(others, key=lambda label: others[label], default=None)
    text = f"{named(vote['label'])} {number(vote['probability'])}"
    if vote["estimated"]:
        return f"{text}, estimated"
    if second is None or others[second] < SHOWN:
        return text
    return f"{text} ({named(second)} {number(others[second])})"


def named(label: str) -> str:
    """label (str): A label, or "" for no entity.
    RETURNS (str): The label, or "none".
    """
    return label or "none"


def number(value: float | None) -> str:
    """value (float | None): A probability, if there is one.
    RETURNS (str): The probability with two digits; "?" if there is none.
    """
    return "?" if value is None else f"{value:.2f}"


def marked(text: str, entities: list[dict[str, Any]]) -> str:
    """text (str): A text.
    entities (list[dict[str, Any]]): Its entities.
    RETURNS (str): The text with its entities in brackets: "[Ann|PERSON] left.".
    """
    for entity in sorted(entities, key=lambda e: e["start"], reverse=True):
        start, end = entity["start"], entity["end"]
        text = f"{text[:start]}[{text[start:end]}|{entity['label']}]{text[end:]}"
    return text


def summary(place: dict[str, Any]) -> str:
    """place (dict[str, Any]): A disagreement of the explanation.
    RETURNS (str): Its kind, the entities of both models there, and how often the labelled sentences
        have them.
    """
    slm = _listed((_typed(e, number(e["probability"])) for e in place["slm"]), "no entity")
    copied = f"no entity ({number(place['copied'])})"
    llm = _listed((_typed(e, number(e[place["kind"]])) for e in place["llm"]), copied)
    entropy = f"entropy {number(place['entropy'])}"
    return f"{place['kind']}: the tagger has {slm}, {entropy}; the language model has {llm}"


def answered(answer: dict[str, Any] | None) -> list[str]:
    """answer (dict[str, Any] | None): The language model's answer in the explanation, if there is one.
    RETURNS (list[str]): Remarks on it, such as an error.
    """
    if answer is None:
        return []
    remarks = [f"no reading: {answer['error']}"] if answer["error"] else []
    if answer["estimated"]:
        remarks.append("its probabilities are stand-ins: the server gives none")
    if answer["parts"] > 1:
        remarks.append(f"the window was too long for it and was read in {answer['parts']} parts")
    if answer["unaligned"] or answer["unparsed"]:
        counts = f"{answer['unaligned']} not in the text, {answer['unparsed']} not readable"
        remarks.append(counts)
    return remarks


def _typed(entity: dict[str, Any], chance: str) -> str:
    labelled, otherwise = entity["seen"]["labelled"], entity["seen"]["otherwise"]
    known = f"labelled so {labelled} of {labelled + otherwise} times" if labelled + otherwise else "new"
    return f"“{entity['text']}” {entity['label']} ({chance}, {known})"


def _listed(parts: Iterable[str], otherwise: str) -> str:
    return ", ".join(parts) or otherwise
