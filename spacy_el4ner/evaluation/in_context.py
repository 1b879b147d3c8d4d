"""The record of models that are prompted and not trained: each voter and the ensemble, untuned and
tuned.
"""

from collections.abc import Mapping, Sequence
from statistics import mean
from typing import Any

from spacy_el4ner.errors import EL4NERValueError, Errors
from spacy_el4ner.evaluation.ensemble_tables import ENSEMBLE, table, voter_rows

FIGURES = ("ents_p", "ents_r", "ents_f", "docs_per_s")
SAME = ("name", "documents", "sentences", "texts")
"""Keys whose values must be the same in all measurements."""
HEADER = ("", "F1 untuned", "F1 tuned", "P", "R", "calibration error", "documents/s")


def in_context_record(
    untuned: Sequence[Mapping[str, Any]], tuned: Sequence[Mapping[str, Any]]
) -> dict[str, Any]:
    """untuned (Sequence[Mapping[str, Any]]): What `evaluate` wrote of a pipeline without its tuning,
        one a seed.
    tuned (Sequence[Mapping[str, Any]]): The same with it.
    RETURNS (dict[str, Any]): `rows`, from each voter and "ensemble" to `untuned` and `tuned`: means
        over the seeds of `ents_p`, `ents_r`, `ents_f`, `docs_per_s` and `ece`, the calibration error
        (None where a seed has no entities); and `steps`, what each step of tuning brought to it, one
        list a seed. The other keys say what was measured.
    RAISES (EL4NERValueError): EL292, the measurements are of different documents or voters, or those of
        the tuned pipeline are not of one.
    """
    runs = [*untuned, *tuned]
    alike = {str([run[key] for key in SAME] + sorted(run["rows"])) for run in runs}
    if not untuned or not tuned or len(alike) > 1 or not all(run.get("tuning") for run in tuned):
        raise EL4NERValueError(Errors.EL292)
    first = tuned[0]
    about = {key: first[key] for key in (*SAME, "voter_models", "pool_sentences", "machine", "date")}
    return {
        **about,
        "seeds": [run["seed"] for run in tuned],
        "tuned_on": [run["tuning"]["sentences"] for run in tuned],
        "rows": {
            name: {
                "untuned": _means([run["rows"][name] for run in untuned]),
                "tuned": _means([run["rows"][name] for run in tuned]),
                "steps": [_steps(run, name) for run in tuned],
            }
            for name in (*voter_rows(first), ENSEMBLE)
        },
    }


def markdown(record: Mapping[str, Any]) -> str:
    """record (Mapping[str, Any]): What `in_context_record` returned.
    RETURNS (str): Its rows as a Markdown table; all figures but "F1 untuned" are those of the tuned
        pipeline.
    """
    rows = []
    for name, row in record["rows"].items():
        after, ece = row["tuned"], row["tuned"]["ece"]
        rows.append(
            [
                name,
                f"{row['untuned']['ents_f']:.3f}",
                *(f"{after[key]:.3f}" for key in ("ents_f", "ents_p", "ents_r")),
                "–" if ece is None else f"{ece:.3f}",
                f"{after['docs_per_s']:.2f}",
            ]
        )
    return table(HEADER, rows)


def _means(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    errors = [row["expected_calibration_error"] for row in rows]
    return {
        **{key: mean(row[key] for row in rows) for key in FIGURES},
        "ece": None if None in errors else mean(errors),
    }


def _steps(run: Mapping[str, Any], name: str) -> list[dict[str, Any]]:
    voter = "" if name == ENSEMBLE else name
    return [step for step in run["tuning"]["steps"] if step["voter"] == voter]
