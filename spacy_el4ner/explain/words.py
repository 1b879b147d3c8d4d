"""What the terminal and the page say in the same words."""

from collections.abc import Iterable
from typing import Any

SHOWN = 0.1
"""Probability from which an option is shown beside the chosen one."""
SIDES = {"slm": "the tagger", "llm": "the language model", "both": "both"}
"""Whose an entity of the fusion is."""
RULES = {
    "paper": "H: the tagger's mean entropy in nats; P: the language model's probability",
    "scaled": "H′: the tagger's entropy as a share of the greatest one; P′: the language model's "
    "probability; both after their temperatures",
    "learned": "a regression on what both say, and on what was labelled",
    "slm": "always the tagger",
    "llm": "always the language model",
}
"""What the rules compare."""


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


def said(place: dict[str, Any]) -> str:
    """RETURNS (str): What the two models say where they disagree, about what they do, and how often the
    labelled sentences say so.
    """
    slm = _listed((_typed(e, number(e["probability"])) for e in place["slm"]), "no entity")
    copied = f"no entity ({number(place['copied'])})"
    llm = _listed((_typed(e, number(e[place["kind"]])) for e in place["llm"]), copied)
    entropy = f"entropy {number(place['entropy'])}"
    return f"{place['kind']}: the tagger has {slm}, {entropy}; the language model has {llm}"


def answered(answer: dict[str, Any] | None) -> list[str]:
    """RETURNS (list[str]): What is to be said of the language model's reading beside its entities."""
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
