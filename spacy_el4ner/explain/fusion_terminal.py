"""The fusion explained in the terminal: a table a step."""

from collections.abc import Iterator
from typing import Any

from spacy_el4ner.explain.layout import columns, short, wrapped
from spacy_el4ner.explain.words import RULES, SIDES, answered, marked, number, said


def _slm(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"1. Tagger: {data['models']['slm']}"
    rows = [
        (short(e), e["label"], number(e["probability"]), number(e["entropy"])) for e in window["slm"]
    ]
    yield columns(("span", "type", "probability", "entropy (nats)"), rows)
    yield f"  uncertainty of the sentence: {number(window['uncertainty'])} nats"


def _route(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"2. Route: is the language model asked? ({data['settings']['route']})"
    yield wrapped(f"{'yes' if window['asked'] else 'no'}: {window['why']}", width)


def _retrieval(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"3. Demonstrations, found by {data['settings']['retriever']}"
    for shot in window["demonstrations"]:
        room = "" if shot["shown"] else " (no room)"
        text = marked(shot["text"], shot["entities"])
        yield wrapped(
            f"{number(shot['similarity'])}  {shot['id']}{room}: {text}", width, "  ", "        "
        )
    if not window["demonstrations"]:
        yield "  none"


def _llm(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"4. Language model: {data['models']['llm'] or 'none'}"
    rows = [(short(e), e["label"], number(e["category"]), number(e["boundary"])) for e in window["llm"]]
    yield columns(("span", "type", "p(category)", "p(boundary)"), rows)
    for remark in answered(window["answer"]):
        yield wrapped(remark, width)


def _fusion(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    rule = data["settings"]["rule"]
    yield f"5. Where they disagree: who is believed? (rule {rule})"
    for place in window["disagreements"]:
        yield wrapped(said(place), width, "  ", "    ")
        yield wrapped(f"{place['compared']} → {SIDES[place['winner']]}", width, "    ", "      ")
    yield wrapped(f"({RULES[rule]})" if window["disagreements"] else "nowhere", width)


STAGES = (_slm, _route, _retrieval, _llm, _fusion)
