"""The Markdown report and the plot of an evaluation; every number comes from the measured file."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.evaluation.machine import software, where
from spacy_el4ner.plots import BLUE, GREY, YELLOW, bars_of_f1

ENSEMBLE = "ensemble"
"""The row of the whole ensemble; the others are those of its voters."""

TITLES = {
    "no_verification": "without verification",
    "no_vote": "without a vote (best single classifier over the union)",
    "majority_vote": "majority vote instead of summed probabilities",
    "random_demonstrations": "random demonstrations",
    "sentence_similarity": "demonstrations by sentence similarity",
    "zero_shot": "zero-shot",
}
FURTHER = ("zero_shot", "k=", "n_voters=", "verifier=")
"""Beginnings of the names of the ablations that are measured on demand."""
PRF = ("", "P", "R", "F1")
HEADER = (*PRF, "documents/s", "forward passes", "calibration error")
CONFIDENCE = {
    "ece": "calibration error",
    "by_chance": "by chance",
    "brier": "Brier score",
    "aurc": "AURC",
}
"""The columns of the table of confidences; files of before `by_chance` was measured lack it."""


def markdown(metrics: dict[str, Any], picture: str) -> str:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    picture (str): File name of the plot.
    RETURNS (str): The report.
    """
    models = "\n".join(f"- {n}: `{m}`" for n, m in metrics["voter_models"].items())
    parts = [
        f"# EL4NER on {metrics['name']}",
        measured(metrics),
        "Exact match of start, end and label. A row is charged the time and the forward passes of "
        "every answer that it uses, in the batch in which that answer was computed.",
        f"Voters:\n\n{models}",
        "## Ensemble and single voters",
        main_table(metrics),
        f"![F1 of all rows]({picture})",
        "## Extraction, without labels",
        table(PRF, extraction_rows(metrics)),
        *confidence(metrics),
        *cascade(metrics),
        *ablations(metrics),
        *further_ablations(metrics),
        "## The full ensemble by label",
        type_table(metrics),
    ]
    return "\n\n".join(parts) + "\n"


def measured(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): What `evaluate` or `evaluate-fusion` wrote.
    RETURNS (str): A sentence on the documents, the date and the machine of the measurement.
    """
    return (
        f"Measured on {metrics['date']} on {metrics['documents']} of "
        f"{metrics['documents_in_split']} documents ({metrics['sentences']} sentences, seed "
        f"{metrics['seed']}), with {where(metrics)}, {software(metrics)}.{_learnt(metrics)}"
    )


def _learnt(metrics: dict[str, Any]) -> str:
    """Sentences on the size of the training data, if it was recorded."""
    text = ""
    if "pool_sentences" in metrics:
        text += f" Demonstrations come from {metrics['pool_sentences']} sentences."
    if steps := metrics.get("training_steps"):
        trained = ", ".join(f"{name} {n}" for name, n in steps.items())
        text += f" Training steps of the compact backbones: {trained}."
    return text


def main_table(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (str): The ensemble and each voter alone, as a Markdown table.
    """
    return table(HEADER, main_rows(metrics))


def ablation_table(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (str): The ablations that are always measured, as a Markdown table.
    """
    return table(HEADER, ablation_rows(metrics))


def confidence(metrics: dict[str, Any]) -> list[str]:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (list[str]): The section on the calibration of the confidence; empty without one.
    """
    return ["## Confidence", confidence_table(metrics)] if "confidence" in metrics else []


def confidence_table(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): What `evaluate` wrote of a calibrated ensemble.
    RETURNS (str): The quality of its confidences before and after calibration, as a Markdown table; a
        column without figures is left out.
    """
    measured = {
        name: title
        for name, title in CONFIDENCE.items()
        if any(row.get(name) is not None for row in metrics["confidence"].values())
    }
    rows = [
        [name, *(_maybe(row.get(key)) for key in measured)]
        for name, row in metrics["confidence"].items()
    ]
    return table(("confidence", *measured.values()), rows)


def cascade(metrics: dict[str, Any]) -> list[str]:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (list[str]): The section on the cascade; empty without one.
    """
    return ["## Cascade", cascade_table(metrics)] if "cascade" in metrics else []


def cascade_table(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): What `evaluate` wrote of an ensemble with a cascade.
    RETURNS (str): Its scores and tokens, and those with all voters asked about everything, as a
        Markdown table.
    """
    every = metrics["cascade"]["all_voters"]
    rows = [
        [
            name,
            *_prf(row),
            f"{row['tokens']:,}",
            f"{row['tokens'] / max(1, every['tokens']):.0%}",
            f"{row['docs_per_s']:.2f}",
        ]
        for name, row in (("cascade", metrics["rows"][ENSEMBLE]), ("all voters asked", every))
    ]
    return table((*PRF, "tokens", "share", "documents/s"), rows)


def ablations(metrics: dict[str, Any]) -> list[str]:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (list[str]): The section on the ablations; empty if they were left out.
    """
    if not ablation_rows(metrics):
        return []
    note = (
        "`without a vote` takes the classifier that is best on these very documents, so it is the "
        "strongest opponent that the vote can have. Demonstrations by similarity are shown where they "
        "are similar enough, random ones always, as are those of the rows with a k."
    )
    return ["## Ablations", note, ablation_table(metrics)]


def further_ablations(metrics: dict[str, Any]) -> list[str]:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (list[str]): The section on the ablations that are measured on demand; empty without them.
    """
    if "ablated" not in metrics:
        return []
    about = metrics["ablated"]
    when = (
        f"Measured on {about['date']} on the same documents, with {where(about)}: the speeds compare "
        "with each other."
    )
    return ["## Further ablations", when, table(HEADER, ablation_rows(metrics, further=True))]


def type_table(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (str): The scores of each label, as a Markdown table.
    """
    return table(PRF, type_rows(metrics))


def is_ensemble(metrics: Mapping[str, Any]) -> bool:
    """metrics (Mapping[str, Any]): What `evaluate` or `evaluate-fusion` wrote.
    RETURNS (bool): Whether they are of an ensemble.
    """
    return ENSEMBLE in metrics["rows"]


def voter_rows(metrics: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
    """metrics (Mapping[str, Any]): What `evaluate` wrote.
    RETURNS (dict[str, dict[str, Any]]): The scores of each voter alone.
    """
    return {name: row for name, row in metrics["rows"].items() if name != ENSEMBLE}


def plot(metrics: dict[str, Any], out: Path) -> None:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    out (Path): The PNG file to write: F1 of every row as bars.
    """
    full, name = metrics["rows"][ENSEMBLE]["ents_f"], metrics["name"]
    rows = [("full ensemble", full, BLUE)]
    rows += [(f"{n} alone", row["ents_f"], GREY) for n, row in voter_rows(metrics).items()]
    rows += [(title(n, row), row["ents_f"], YELLOW) for n, row in metrics["ablations"].items()]
    bars_of_f1(out, rows, full, name)


def main_rows(metrics: dict[str, Any]) -> list[list[str]]:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (list[list[str]]): The ensemble and each voter alone, columns as in `HEADER`.
    """
    alone = [_row(f"{name} alone", row) for name, row in voter_rows(metrics).items()]
    return [_row("**full ensemble**", metrics["rows"][ENSEMBLE]), *alone]


def extraction_rows(metrics: dict[str, Any]) -> list[list[str]]:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (list[list[str]]): Extraction by each voter and by the union, columns as in `PRF`.
    """
    return [[name, *_prf(row)] for name, row in metrics["extraction"].items()]


def ablation_rows(metrics: dict[str, Any], further: bool = False) -> list[list[str]]:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    further (bool): Whether to return the ablations that are measured on demand, not the others.
    RETURNS (list[list[str]]): The ablations, columns as in `HEADER`.
    """
    rows = metrics["ablations"].items()
    return [_row(title(n, row), row) for n, row in rows if n.startswith(FURTHER) == further]


def type_rows(metrics: dict[str, Any]) -> list[list[str]]:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (list[list[str]]): The scores of each label, columns as in `PRF`.
    """
    per_type = metrics["rows"][ENSEMBLE]["ents_per_type"]
    return [
        [name, f"{row['p']:.3f}", f"{row['r']:.3f}", f"{row['f']:.3f}"]
        for name, row in sorted(per_type.items())
    ]


def title(name: str, row: dict[str, Any]) -> str:
    """name (str): Key of an ablation in the metrics.
    row (dict[str, Any]): Its row.
    RETURNS (str): Its title in tables and plots.
    """
    heading = TITLES.get(name, name.replace("_", " ").replace("=", " = "))
    return f"{heading}: {row['classifier']}" if "classifier" in row else heading


def _row(title: str, row: dict[str, Any]) -> list[str]:
    return [
        title,
        *_prf(row),
        f"{row['docs_per_s']:.2f}",
        str(row["forward_passes"]),
        _maybe(row["expected_calibration_error"]),
    ]


def _maybe(score: float | None) -> str:
    return "–" if score is None else f"{score:.3f}"


def _prf(row: dict[str, Any]) -> list[str]:
    return [f"{row[key]:.3f}" for key in ("ents_p", "ents_r", "ents_f")]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """header (Sequence[str]): Names of the columns; the first column is aligned left.
    rows (Iterable[Sequence[str]]): Cells of each row.
    RETURNS (str): A Markdown table.
    """
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
