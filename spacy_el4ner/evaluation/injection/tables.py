"""The report of attacks; every number comes from the measured file."""

from collections.abc import Sequence
from typing import Any

from spacy_el4ner.evaluation.ensemble_tables import table
from spacy_el4ner.evaluation.machine import software, where

Row = dict[str, Any]
WHO = {
    "pipeline": "The whole pipeline, as configured",
    "constrained": "One voter's extraction, constrained",
    "free": "The same extraction, free",
}
HEADER = ("", "texts", "changed", "entities", "lost", "gained", "malformed", "outside")


def markdown(data: dict[str, Any]) -> str:
    """data (dict[str, Any]): What `attack` wrote.
    RETURNS (str): The report.
    """
    settings, rows = data["settings"], data["rows"]
    parts = [
        "# Instructions in the text",
        f"Measured on {data['date']} with `{settings['pipeline']}`, voter `{settings['voter']}`, "
        f"on `{settings['corpus']}`, with {where(data)}, {software(data)}.",
        "Each text is read with the attack and without. *changed* counts the texts in which an entity "
        "of the clean part was lost or gained, *entities* those of the clean texts without the attack, "
        "*lost* and *gained* the entities. *malformed* counts answers, of both texts, that are not in "
        "the language of the format, *outside* the spans outside of the text or of the label set. An "
        "entity that reaches from the clean part into the attack counts as gained.",
    ]
    for name, title in WHO.items():
        if name in rows:
            parts += [f"## {title}", *_notes(name, data), _by("kind", rows[name])]
    parts += ["## By place and language", _by_place_and_language(rows)]
    return "\n\n".join(parts) + "\n"


def totals(rows: Sequence[Row]) -> dict[str, int]:
    """rows (Sequence[Row]): Rows of the file.
    RETURNS (dict[str, int]): Their sums, by the names of `HEADER`.
    """
    return {
        "texts": len(rows),
        "changed": sum(bool(row["gained"] or row["lost"]) for row in rows),
        "entities": sum(row["entities"] for row in rows),
        "lost": sum(len(row["lost"]) for row in rows),
        "gained": sum(len(row["gained"]) for row in rows),
        "malformed": sum(row["malformed"] for row in rows),
        "outside": sum(row["outside"] for row in rows),
    }


def _notes(name: str, data: dict[str, Any]) -> list[str]:
    rows = data["rows"][name]
    notes = []
    if len(rows) < (whole := data["settings"]["attacks"]):
        notes.append(f"On {len(rows)} of {whole} texts, drawn by seed {data['settings']['seed']}.")
    if name == "free":
        answers, broken = sum(r["answers"] for r in rows), sum(r["malformed"] for r in rows)
        notes.append(
            f"{broken} of {answers} answers are malformed. Where a model answers nothing sensible "
            "freely, few entities are found, and few can be lost: compare *entities* first."
        )
    return notes


def _by(key: str, rows: Sequence[Row]) -> str:
    names = dict.fromkeys(row[key] for row in rows)
    lines = [_line(name, [r for r in rows if r[key] == name]) for name in names]
    return table(HEADER, [*lines, _line("**all**", rows)])


def _by_place_and_language(rows: dict[str, list[Row]]) -> str:
    lines = [
        _line(f"{system}, {name}", [r for r in rows[system] if r[key] == name])
        for system in rows
        for key in ("place", "lang")
        for name in sorted({row[key] for row in rows[system]})
    ]
    return table(HEADER, lines)


def _line(title: str, rows: Sequence[Row]) -> list[str]:
    return [title.replace("_", " "), *map(str, totals(rows).values())]
