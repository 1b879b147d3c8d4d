"""The explanation of a fusion in the terminal: one section for each step."""

from collections.abc import Iterator
from typing import Any

from spacy_el4ner.explain.layout import columns, demonstration_line, short, wrapped
from spacy_el4ner.explain.words import SIDES, answered, number, summary


def _slm(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"1. Tagger: {data['models']['slm']}"
    rows = [
        (short(e), e["label"], number(e["probability"]), number(e["entropy"])) for e in window["slm"]
    ]
    yield columns(("span", "label", "probability", "entropy (nats)"), rows)
    yield f"  uncertainty of the sentence: {number(window['uncertainty'])} nats"


def _route(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"2. Route: is the language model asked? ({data['settings']['route']})"
    yield wrapped(f"{'yes' if window['asked'] else 'no'}: {window['why']}", width)


def _retrieval(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"3. Demonstrations, found by {data['settings']['retriever']}"
    for demonstration in window["demonstrations"]:
        room = "" if demonstration["shown"] else " (no room)"
        yield demonstration_line(demonstration, room, width)
    if not window["demonstrations"]:
        yield "  none"


def _llm(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"4. Language model: {data['models']['llm'] or 'none'}"
    rows = [(short(e), e["label"], number(e["category"]), number(e["boundary"])) for e in window["llm"]]
    yield columns(("span", "label", "p(category)", "p(boundary)"), rows)
    for remark in answered(window["answer"]):
        yield wrapped(remark, width)


def _fusion(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    settings = data["settings"]
    yield f"5. Where they disagree: which model wins? (rule {settings['rule']})"
    for place in window["disagreements"]:
        yield wrapped(summary(place), width, "  ", "    ")
        yield wrapped(f"{place['compared']} → {SIDES[place['winner']]}", width, "    ", "      ")
    yield wrapped(f"({settings['description']})" if window["disagreements"] else "nowhere", width)


STAGES = (_slm, _route, _retrieval, _llm, _fusion)
