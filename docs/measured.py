"""The measured tables of quality.md, each between a comment with its file and one that ends it."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from spacy_el4ner.evaluation import ensemble_tables, fusion_tables, in_context
from spacy_el4ner.evaluation.bench import tables as bench_tables
from spacy_el4ner.tuning import steps as tuning_steps

DOCS = Path(__file__).parent
TABLE = re.compile(r"(<!-- table: (\S+) (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _steps(record: dict[str, Any]) -> str:
    """The effect of each step of tuning, of the first seed."""
    steps = [step for row in record["rows"].values() for step in row["steps"][0]]
    return ensemble_tables.table(tuning_steps.HEADER, tuning_steps.rows(steps))


TABLES: dict[str, Callable[[dict[str, Any]], str]] = {
    "ensemble": ensemble_tables.main_table,
    "ablations": ensemble_tables.ablation_table,
    "confidence": ensemble_tables.confidence_table,
    "cascade": ensemble_tables.cascade_table,
    "in_context": in_context.markdown,
    "steps": _steps,
    "fusion": fusion_tables.fusion_table,
    "decoding": bench_tables.table,
    "whole": bench_tables.ensemble_table,
    "conditions": ensemble_tables.measured,
    "models": fusion_tables.conditions,
}


def quality_page() -> str:
    """RETURNS (str): quality.md with the tables that its comments name, from docs/results."""
    return TABLE.sub(_filled, (DOCS / "quality.md").read_text(encoding="utf8"))


def _filled(match: re.Match[str]) -> str:
    opening, file, kind, closing = match.groups()
    measured = json.loads((DOCS / "results" / file).read_text(encoding="utf8"))
    return f"{opening}\n{TABLES[kind](measured)}\n\n{closing}"
