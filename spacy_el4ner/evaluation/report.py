"""The Markdown report and the plot of an evaluation; every number comes from the measured file."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.evaluation.machine import software, where

TITLES = {
    "no_verification": "without verification",
    "no_vote": "without a vote (best single classifier over the union)",
    "majority_vote": "majority vote instead of summed probabilities",
    "random_demonstrations": "random demonstrations",
    "sentence_similarity": "demonstrations by sentence similarity",
    "zero_shot": "zero-shot",
}
FURTHER = ("zero_shot", "k=", "n_backbones=", "verifier=")
"""How the names begin of the ablations that are measured on demand."""
PRF = ("", "P", "R", "F1")
HEADER = (*PRF, "documents/s", "forward passes", "calibration error")


def markdown(metrics: dict[str, Any], picture: str) -> str:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    picture (str): File name of the plot.
    RETURNS (str): The report.
    """
    models = "\n".join(f"- {n}: `{m}`" for n, m in metrics["backbone_models"].items())
    parts = [
        f"# EL4NER on {metrics['name']}",
        measured(metrics),
        "Exact match of start, end and label. A row is charged the time and the forward passes of "
        "every answer that it uses, in the batch in which that answer was computed.",
        f"Backbones:\n\n{models}",
        "## Ensemble and single backbones",
        main_table(metrics),
        f"![F1 of all rows]({picture})",
        "## Extraction, without types",
        table(PRF, extraction_rows(metrics)),
        "## Ablations",
        "`without a vote` takes the classifier that is best on these very documents, so it is the "
        "strongest opponent that the vote can have. Demonstrations by similarity are shown where they "
        "are similar enough, random ones always, as are those of the rows with a k.",
        ablation_table(metrics),
        *further_ablations(metrics),
        "## The full ensemble by type",
        type_table(metrics),
    ]
    return "\n\n".join(parts) + "\n"


def measured(metrics: dict[str, Any]) -> str:
    """RETURNS (str): On what, when and with what it was measured."""
    return (
        f"Measured on {metrics['date']} on {metrics['documents']} of "
        f"{metrics['documents_in_split']} documents ({metrics['sentences']} sentences, seed "
        f"{metrics['seed']}), with {where(metrics)}, {software(metrics)}.{_learnt(metrics)}"
    )


def _learnt(metrics: dict[str, Any]) -> str:
    """From how much, where that was recorded."""
    told = ""
    if "pool_sentences" in metrics:
        told += f" Demonstrations come from {metrics['pool_sentences']} sentences."
    if steps := metrics.get("training_steps"):
        trained = ", ".join(f"{name} {n}" for name, n in steps.items())
        told += f" Training steps of the backbones: {trained}."
    return told


def main_table(metrics: dict[str, Any]) -> str:
    """RETURNS (str): The ensemble and each backbone alone, as a Markdown table."""
    return table(HEADER, main_rows(metrics))


def ablation_table(metrics: dict[str, Any]) -> str:
    """RETURNS (str): The ablations that are always measured, as a Markdown table."""
    return table(HEADER, ablation_rows(metrics))


def further_ablations(metrics: dict[str, Any]) -> list[str]:
    """RETURNS (list[str]): The section on the ablations that are measured on demand, if they were."""
    if "ablated" not in metrics:
        return []
    about = metrics["ablated"]
    when = (
        f"Measured on {about['date']} on the same documents, with {where(about)}: the speeds compare "
        "with each other."
    )
    return ["## Further ablations", when, table(HEADER, ablation_rows(metrics, further=True))]


def type_table(metrics: dict[str, Any]) -> str:
    """RETURNS (str): The scores of each type, as a Markdown table."""
    return table(PRF, type_rows(metrics))


def plot(metrics: dict[str, Any], out: Path) -> None:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    out (Path): The PNG file to write: F1 of every row as bars.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError(Errors.EL013) from error

    matplotlib.use("Agg")
    from matplotlib import pyplot

    named = [("full ensemble", metrics["full"], "#1b6ca8")]
    named += [(f"{n} alone", r, "#9aa5b1") for n, r in metrics["backbones"].items()]
    named += [(title(n, r), r, "#d9a441") for n, r in metrics["ablations"].items()]
    figure, axes = pyplot.subplots(figsize=(8, 0.4 * len(named) + 1))
    bars = axes.barh(
        [name for name, _, _ in named],
        [row["ents_f"] for _, row, _ in named],
        color=[colour for _, _, colour in named],
    )
    axes.bar_label(bars, fmt="%.3f", padding=3)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"entity F1 on {metrics['name']}")
    axes.axvline(metrics["full"]["ents_f"], color="#1b6ca8", linewidth=0.8, linestyle=":")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(out, dpi=150)
    pyplot.close(figure)


def main_rows(metrics: dict[str, Any]) -> list[list[str]]:
    """RETURNS (list[list[str]]): The ensemble and each backbone alone, columns as in `HEADER`."""
    alone = [_row(f"{name} alone", row) for name, row in metrics["backbones"].items()]
    return [_row("**full ensemble**", metrics["full"]), *alone]


def extraction_rows(metrics: dict[str, Any]) -> list[list[str]]:
    """RETURNS (list[list[str]]): What each backbone and their union extract, columns as in `PRF`."""
    return [[name, *_prf(row)] for name, row in metrics["extraction"].items()]


def ablation_rows(metrics: dict[str, Any], further: bool = False) -> list[list[str]]:
    """RETURNS (list[list[str]]): The ablations that are always measured, or those that are measured on
    demand; columns as in `HEADER`.
    """
    rows = metrics["ablations"].items()
    return [_row(title(n, row), row) for n, row in rows if n.startswith(FURTHER) == further]


def type_rows(metrics: dict[str, Any]) -> list[list[str]]:
    """RETURNS (list[list[str]]): The scores of each type, columns as in `PRF`."""
    per_type = metrics["full"]["ents_per_type"]
    return [
        [name, f"{row['p']:.3f}", f"{row['r']:.3f}", f"{row['f']:.3f}"]
        for name, row in sorted(per_type.items())
    ]


def title(name: str, row: dict[str, Any]) -> str:
    """RETURNS (str): What an ablation is called."""
    said = TITLES.get(name, name.replace("_", " ").replace("=", " = "))
    return f"{said}: {row['classifier']}" if "classifier" in row else said


def _row(title: str, row: dict[str, Any]) -> list[str]:
    error = row["expected_calibration_error"]
    return [
        title,
        *_prf(row),
        f"{row['docs_per_s']:.2f}",
        str(row["forward_passes"]),
        "–" if error is None else f"{error:.3f}",
    ]


def _prf(row: dict[str, Any]) -> list[str]:
    return [f"{row[key]:.3f}" for key in ("ents_p", "ents_r", "ents_f")]


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    rule = ["---", *["--:"] * (len(header) - 1)]
    return "\n".join(f"| {' | '.join(cells)} |" for cells in (header, rule, *rows))
