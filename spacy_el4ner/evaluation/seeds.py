"""Runs that differ by seed as one table: means with their spread, and what the method gains in each."""

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.evaluation import fusion_report, report
from spacy_el4ner.evaluation.machine import software, where

Row = dict[str, Any]
SCORES = {"ents_p": "P", "ents_r": "R", "ents_f": "F1"}
FUSION_SCORES = {**SCORES, "token_macro_f": "token macro-F1", "asked": "asked"}
LESS = {
    "fusion less the SLM": ("fusion", "slm"),
    "fusion less the fine-tuned LLM": ("fusion", "sft_similarity"),
    "asked where the SLM is unsure, less asked always": ("routed", "fusion"),
    "similar less fixed demonstrations, fine-tuned": ("sft_similarity", "sft_few_shot"),
}
"""The claims of a fusion that are differences between two of its rows."""


def markdown(runs: Sequence[dict[str, Any]]) -> str:
    """runs (Sequence[dict[str, Any]]): What `evaluate` or `evaluate-fusion` wrote, of one method, with
        different seeds.
    RETURNS (str): The report.
    RAISES (ValueError): They are fewer than two, of both methods, or of one seed.
    """
    _check(runs)
    names = ", ".join(run["name"] for run in runs)
    dates = sorted({run["date"] for run in runs})
    machines = dict.fromkeys(where(run) for run in runs)
    programs = dict.fromkeys(software(run) for run in runs)
    parts = [
        f"# {len(runs)} seeds: {names}",
        f"Measured on {' and '.join(dates)} with {' and '.join(machines)}, {' and '.join(programs)}. "
        "Means of the seeds ± the standard deviation between them. A seed decides training, samples, "
        "and the split of a corpus that is one file, so that differences are best looked at within a "
        "seed.",
        report.table(("", *_scores(runs[0]).values()), _means(runs)),
        "## What is gained, seed by seed",
        "Differences of F1 between two rows of a run, in points.",
        _gains(runs),
    ]
    return "\n\n".join(parts) + "\n"


def _check(runs: Sequence[dict[str, Any]]) -> None:
    seeds = [run["seed"] for run in runs]
    methods = {"rows" in run for run in runs}
    if len(runs) < 2 or len(methods) > 1 or len(set(seeds)) < len(seeds):
        told = ", ".join(map(str, seeds))
        raise ValueError(Errors.EL122.format(runs=len(runs), methods=len(methods), seeds=told))


def _means(runs: Sequence[dict[str, Any]]) -> list[list[str]]:
    tables = [_rows(run) for run in runs]
    return [
        [title, *(_spread([table[title][key] for table in tables]) for key in _scores(runs[0]))]
        for title in tables[0]
        if all(title in table for table in tables)
    ]


def _gains(runs: Sequence[dict[str, Any]]) -> str:
    """Entities, and for a fusion the tokens too."""
    keys = {"ents_f": "F1"}
    if "rows" in runs[0]:
        keys["token_macro_f"] = "token macro-F1"
    rows = []
    for title in _compared(runs[0]):
        pairs = [_compared(run)[title] for run in runs]
        for key, score in keys.items():
            points = [100 * (one[key] - other[key]) for one, other in pairs]
            cells = [f"{point:+.2f}" for point in points]
            rows.append([f"{title}: {score}", *cells, f"{mean(points):+.2f} ± {stdev(points):.2f}"])
    return report.table(("", *(f"seed {run['seed']}" for run in runs), "mean"), rows)


def _compared(run: dict[str, Any]) -> dict[str, tuple[Row, Row]]:
    if "rows" in run:
        return {title: (run["rows"][one], run["rows"][other]) for title, (one, other) in LESS.items()}
    best = max(run["backbones"].values(), key=lambda row: float(row["ents_f"]))
    return {"ensemble less the best backbone alone": (run["full"], best)}


def _rows(run: dict[str, Any]) -> dict[str, Row]:
    if "rows" in run:
        return {fusion_report.TITLES[name]: row for name, row in run["rows"].items()}
    rows = {"**full ensemble**": run["full"]}
    rows |= {f"{name} alone": row for name, row in run["backbones"].items()}
    return rows | {report.TITLES.get(name, name): row for name, row in run["ablations"].items()}


def _scores(run: dict[str, Any]) -> dict[str, str]:
    return FUSION_SCORES if "rows" in run else SCORES


def _spread(values: Sequence[float]) -> str:
    return f"{mean(values):.3f} ± {stdev(values):.3f}"
