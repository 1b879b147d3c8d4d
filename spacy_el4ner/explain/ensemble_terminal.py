"""The explanation of an ensemble in the terminal: one section for each stage."""

from collections.abc import Iterator
from typing import Any

from spacy_el4ner.explain.layout import columns, demonstration_line, short, wrapped
from spacy_el4ner.explain.words import ballot, named, number


def _retrieval(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"1. Demonstrations, found by {data['settings']['retriever']}"
    if window["spans"]:
        spans = ", ".join(f"{span['text']} (weight {span['weight']:g})" for span in window["spans"])
        yield wrapped(f"pre-extracted: {spans}", width)
    for demonstration in window["demonstrations"]:
        missed = [name for name in data["voters"] if name not in demonstration["shown_to"]]
        room = f" (no room with {', '.join(missed)})" if missed else ""
        yield demonstration_line(demonstration, room, width)
    if not window["demonstrations"]:
        yield "  none"
    if window["cut_for"]:
        yield f"  The window was cut to the context of {', '.join(window['cut_for'])}."


def _extraction(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield "2. Extraction: who proposed the span, with what probability"
    names = list(data["voters"])
    rows = [
        (short(c), *(number(c["proposed_by"][n]) if n in c["proposed_by"] else "·" for n in names))
        for c in candidates
    ]
    yield columns(("span", *names), rows)
    if window["unaligned"] or window["unparsed"]:
        yield f"  {window['unaligned']} not in the text, {window['unparsed']} not readable"


def _vote(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    rule = data["settings"]["vote"]
    yield f"3. Classification: each voter's label and probability ({rule})"
    for name, remark in data["trust"].items():
        yield wrapped(f"{name}: {remark}", width, "  ", "    ")
    names = list(data["voters"])
    rows = []
    for c in candidates:
        votes = {vote["voter"]: ballot(vote) for vote in c["votes"]}
        if votes:
            rows.append((short(c), *(votes.get(n, "·") for n in names), f"→ {named(c['label'])}"))
    yield columns(("span", *names, "vote"), rows)


def _verification(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield "4. Verification: is it one, true or false?"
    rows = [
        (short(c), c["label"], str(v["true"]).lower(), number(v["probability"]), v["voter"])
        for c in candidates
        if (v := c["verification"]) is not None
    ]
    yield columns(("span", "label", "answer", 'p("true")', "by"), rows)


STAGES = (_retrieval, _extraction, _vote, _verification)
