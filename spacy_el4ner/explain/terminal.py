"""The explanation in the terminal: one window after the other, with a section for each stage."""

from collections.abc import Iterator
from typing import Any

from spacy_el4ner.explain import ensemble_terminal, fusion_terminal
from spacy_el4ner.explain.layout import wrapped
from spacy_el4ner.explain.structure import FUSION
from spacy_el4ner.explain.words import SIDES, number

WIDTH = 100


def terminal(data: dict[str, Any], width: int = WIDTH) -> str:
    """data (dict[str, Any]): The explanation.
    width (int): Columns.
    RETURNS (str): The text to print.
    """
    own = fusion_terminal.STAGES if data["method"] == FUSION else ensemble_terminal.STAGES
    lines: list[str] = []
    for number_, window in enumerate(data["windows"]):
        candidates = [c for c in data["candidates"] if c["window"] == number_]
        title = f" Window {number_ + 1} of {len(data['windows'])} "
        lines += [title.center(width, "="), "", wrapped(window["text"], width, ""), ""]
        for stage in own:
            lines += [*stage(data, window, candidates, width), ""]
        lines += [f"{len(own) + 1}. Result", *_result(candidates, width), ""]
    return "\n".join(lines)


def _result(candidates: Any, width: int) -> Iterator[str]:
    for c in candidates:
        outcome, what = c["outcome"], "  ".join(filter(None, (c["text"], c["label"])))
        if outcome["kept"]:
            whose = f", by {SIDES[c['side']]}" if "side" in c else ""
            yield f"  ✔ {what}  confidence {number(c['confidence'])}{whose}"
        else:
            said = f"✘ {what}  dropped at {outcome['stage']}: {outcome['reason']}"
            yield wrapped(said, width, "  ", "    ")
    if not candidates:
        yield "  No span was proposed."
