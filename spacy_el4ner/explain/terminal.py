"""The explanation in the terminal: a table a stage."""

import textwrap
from collections.abc import Iterator, Sequence
from typing import Any

from wasabi.tables import table

from spacy_el4ner.explain.words import ballot, marked, named, number

WIDTH = 100
LONGEST = 32
"""Characters of a span in a table."""


def terminal(data: dict[str, Any], width: int = WIDTH) -> str:
    """data (dict[str, Any]): What `explain` returned.
    width (int): Columns.
    RETURNS (str): The text to print.
    """
    lines: list[str] = []
    for number_, window in enumerate(data["windows"]):
        candidates = [c for c in data["candidates"] if c["window"] == number_]
        title = f" Window {number_ + 1} of {len(data['windows'])} "
        lines += [title.center(width, "="), "", _wrapped(window["text"], width, ""), ""]
        for stage in (_retrieval, _extraction, _vote, _verification, _result):
            lines += [*stage(data, window, candidates, width), ""]
    return "\n".join(lines)


def _retrieval(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield f"1. Demonstrations, found by {data['settings']['retriever']}"
    if window["spans"]:
        spans = ", ".join(f"{span['text']} (weight {span['weight']:g})" for span in window["spans"])
        yield _wrapped(f"pre-extracted: {spans}", width)
    for shot in window["demonstrations"]:
        missed = [name for name in data["backbones"] if name not in shot["shown_to"]]
        room = f" (no room with {', '.join(missed)})" if missed else ""
        text = marked(shot["text"], shot["entities"])
        yield _wrapped(
            f"{number(shot['similarity'])}  {shot['id']}{room}: {text}", width, "  ", "        "
        )
    if not window["demonstrations"]:
        yield "  none"
    if window["cut_for"]:
        yield f"  The window was cut to the context of {', '.join(window['cut_for'])}."


def _extraction(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield "2. Extraction: who proposed the span, with what probability"
    names = list(data["backbones"])
    rows = [
        (_short(c), *(number(c["proposed_by"][n]) if n in c["proposed_by"] else "·" for n in names))
        for c in candidates
    ]
    yield _table(("span", *names), rows)
    if window["unaligned"] or window["unparsed"]:
        yield f"  {window['unaligned']} not in the text, {window['unparsed']} not readable"


def _vote(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    rule = data["settings"]["vote"]
    yield f"3. Classification: each backbone's type and probability ({rule})"
    names = list(data["backbones"])
    rows = []
    for c in candidates:
        votes = {vote["backbone"]: ballot(vote) for vote in c["votes"]}
        if votes:
            rows.append((_short(c), *(votes.get(n, "·") for n in names), f"→ {named(c['label'])}"))
    yield _table(("span", *names, "vote"), rows)


def _verification(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield "4. Verification: is it one, true or false?"
    rows = [
        (_short(c), c["label"], str(v["true"]).lower(), number(v["probability"]), v["backbone"])
        for c in candidates
        if (v := c["verification"]) is not None
    ]
    yield _table(("span", "type", "answer", 'p("true")', "by"), rows)


def _result(data: Any, window: Any, candidates: Any, width: int) -> Iterator[str]:
    yield "5. Result"
    for c in candidates:
        outcome = c["outcome"]
        if outcome["kept"]:
            yield f"  ✔ {c['text']}  {c['label']}  confidence {number(c['confidence'])}"
        else:
            said = f"✘ {c['text']}  dropped at {outcome['stage']}: {outcome['reason']}"
            yield _wrapped(said, width, "  ", "    ")
    if not candidates:
        yield "  No span was proposed."


def _table(header: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    if not rows:
        return "  none"
    made = table(rows, header=header, divider=True, max_col=60)
    return textwrap.indent(made.strip("\n"), "  ")


def _short(candidate: dict[str, Any]) -> str:
    return textwrap.shorten(candidate["text"], LONGEST, placeholder=" …")


def _wrapped(text: str, width: int, first: str = "  ", rest: str | None = None) -> str:
    return textwrap.fill(
        text, width, initial_indent=first, subsequent_indent=first if rest is None else rest
    )
