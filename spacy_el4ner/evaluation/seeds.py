"""Runs that differ by seed as one table: means and spread, and the method's gain in each."""

from collections.abc import Sequence
from statistics import mean, stdev
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.evaluation import ensemble_tables, fusion_tables
from spacy_el4ner.evaluation.ensemble_tables import ENSEMBLE, is_ensemble, voter_rows
from spacy_el4ner.evaluation.machine import software, where

Row = dict[str, Any]
SCORES = {"ents_p": "P", "ents_r": "R", "ents_f": "F1"}
FUSION_SCORES = {**SCORES, "token_macro_f": "token macro-F1", "asked": "asked"}
BOTH = ("slm", "sft_similarity")
GAINS: dict[str, tuple[str, tuple[str, ...]]] = {
    "fusion less the better model": ("fusion", BOTH),
    "the paper's rule less the better model": ("fusion_paper", BOTH),
    "fusion less the SLM": ("fusion", ("slm",)),
    "fusion less the fine-tuned LLM": ("fusion", ("sft_similarity",)),
    "asked where the SLM is unsure, less asked always": ("routed", ("fusion",)),
    "similar less fixed demonstrations, fine-tuned": ("sft_similarity", ("sft_few_shot",)),
}
"""The claims of a fusion: a row, and the rows of which the best is subtracted, score by score."""


def markdown(runs: Sequence[dict[str, Any]]) -> str:
    """runs (Sequence[dict[str, Any]]): What `evaluate` or `evaluate-fusion` wrote, of one method, with
        different seeds.
    RETURNS (str): The report.
    RAISES (ValueError): EL122, there are fewer than two runs, runs of both methods, or two runs of one
        seed.
    """
    _check(runs)
    names = ", ".join(dict.fromkeys(run["name"] for run in runs))
    dates = sorted({run["date"] for run in runs})
    machines = dict.fromkeys(where(run) for run in runs)
    programs = dict.fromkeys(software(run) for run in runs)
    parts = [
        f"# {len(runs)} seeds: {names}",
        f"Measured on {' and '.join(dates)} with {' and '.join(machines)}, {' and '.join(programs)}. "
        "Means of the seeds ± the standard deviation between them. A seed decides training, samples, "
        "and the split of a corpus that is one file, so that differences are best looked at within a "
        "seed.",
        *_models(runs),
        ensemble_tables.table(("", *_scores(runs).values()), _means(runs)),
        "## What is gained, seed by seed",
        "Differences between two rows of a run, in points. The better model is the one with the higher "
        "score in that run."
        if not is_ensemble(runs[0])
        else "Differences of F1 between two rows of a run, in points.",
        _gains(runs),
    ]
    return "\n\n".join(parts) + "\n"


def _check(runs: Sequence[dict[str, Any]]) -> None:
    seeds = [run["seed"] for run in runs]
    methods = {is_ensemble(run) for run in runs}
    if len(runs) < 2 or len(methods) > 1 or len(set(seeds)) < len(seeds):
        told = ", ".join(map(str, seeds))
        raise EL4NERValueError(Errors.EL122.format(runs=len(runs), methods=len(methods), seeds=told))


def _models(runs: Sequence[dict[str, Any]]) -> list[str]:
    """A description of a fusion's models, and whether each run has a language model of its own."""
    if any("models" not in run for run in runs):
        return []
    weights = {run["models"]["llm"].get("weights") for run in runs}
    same = len(weights) == 1 and None not in weights
    taggers = {fusion_tables.slm_described(run["models"]["slm"]) for run in runs}
    if same and len(taggers) == 1:
        llm = fusion_tables.llm_described(runs[0]["models"]["llm"])
        parts = [
            f"{taggers.pop()}, with the seed of the run. {llm}. It was fine-tuned once and is the same "
            "in all runs; each run has its own tagger and calibration."
        ]
    else:
        parts = [f"Seed {run['seed']}: {fusion_tables.models_described(run)}" for run in runs]
    if _novel(runs):
        parts += [fusion_tables.NOVELTY, fusion_tables.novelty_counts(runs[0])]
    return [" ".join(parts)]


def _means(runs: Sequence[dict[str, Any]]) -> list[list[str]]:
    tables = [_rows(run) for run in runs]
    return [
        [title, *(spread([table[title][key] for table in tables]) for key in _scores(runs))]
        for title in tables[0]
        if all(title in table for table in tables)
    ]


def _gains(runs: Sequence[dict[str, Any]]) -> str:
    """The gains over entities and, for a fusion, also over tokens and unseen entities."""
    keys = {"ents_f": "F1"}
    if not is_ensemble(runs[0]):
        keys["token_macro_f"] = "token macro-F1"
    if _novel(runs):
        keys["unseen_r"] = "recall of unseen entities"
    compared = [_compared(run) for run in runs]
    rows = []
    for title in compared[0]:
        if not all(title in gains for gains in compared):
            continue
        for key, score in keys.items():
            points = [_points(key, *gains[title]) for gains in compared]
            cells = [f"{point:+.2f}" for point in points]
            rows.append([f"{title}: {score}", *cells, f"{mean(points):+.2f} ± {stdev(points):.2f}"])
    return ensemble_tables.table(("", *(f"seed {run['seed']}" for run in runs), "mean"), rows)


def _points(key: str, row: Row, others: Sequence[Row]) -> float:
    """The number of points by which a row exceeds the best of the others."""
    return 100.0 * (float(row[key]) - max(float(other[key]) for other in others))


def _compared(run: dict[str, Any]) -> dict[str, tuple[Row, list[Row]]]:
    rows = run["rows"]
    if not is_ensemble(run):
        return {
            title: (rows[name], [rows[other] for other in others])
            for title, (name, others) in GAINS.items()
            if {name, *others} <= set(rows)
        }
    best = max(voter_rows(run).values(), key=lambda row: float(row["ents_f"]))
    return {"ensemble less the best voter alone": (rows[ENSEMBLE], [best])}


def _rows(run: dict[str, Any]) -> dict[str, Row]:
    if not is_ensemble(run):
        return {fusion_tables.title(name, row): row for name, row in run["rows"].items()}
    rows = {"**full ensemble**": run["rows"][ENSEMBLE]}
    rows |= {f"{name} alone": row for name, row in voter_rows(run).items()}
    return rows | {
        ensemble_tables.TITLES.get(name, name): row for name, row in run["ablations"].items()
    }


def _scores(runs: Sequence[dict[str, Any]]) -> dict[str, str]:
    if is_ensemble(runs[0]):
        return SCORES
    return {**FUSION_SCORES, **(fusion_tables.RECALLS if _novel(runs) else {})}


def _novel(runs: Sequence[dict[str, Any]]) -> bool:
    """Whether all runs have recalls of seen and of unseen entities."""
    return all(run.get(kind, {}).get("entities") for run in runs for kind in ("unseen", "seen"))


def spread(values: Sequence[float]) -> str:
    """values (Sequence[float]): A score in each run.
    RETURNS (str): The mean, and with several runs the standard deviation between them.
    """
    return f"{mean(values):.3f}" + (f" ± {stdev(values):.3f}" if len(values) > 1 else "")
