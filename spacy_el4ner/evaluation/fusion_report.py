"""The Markdown report and the plot of a fusion's evaluation, beside Xu et al.'s tables."""

from pathlib import Path
from typing import Any

from spacy_el4ner.errors import Errors
from spacy_el4ner.evaluation.report import PRF, measured, table

TITLES = {
    "few_shot": "LLM, few-shot",
    "similarity": "LLM, similar demonstrations",
    "sft_few_shot": "LLM fine-tuned, few-shot",
    "sft_similarity": "LLM fine-tuned, similar demonstrations",
    "slm": "SLM",
    "fusion_paper": "fusion, the paper's rule",
    "fusion_scaled": "fusion, scaled",
    "fusion_learned": "fusion, learned",
    "fusion": "**fusion, as chosen on the development split**",
    "routed": "the same, LLM asked where the SLM is unsure",
}
ALONE = ("few_shot", "similarity", "sft_few_shot", "sft_similarity")
HEADER = (*PRF, "token macro-F1", "asked", "documents/s", "calibration error")
PAPER = {
    "few_shot": (0.2626, 0.4072, 0.2492),
    "similarity": (0.4400, 0.6367, 0.5182),
    "sft_few_shot": (0.6737, 0.8329, 0.5878),
    "sft_similarity": (0.8350, 0.8694, 0.6381),
    "slm": (0.8305, 0.8738, 0.7207),
    "fusion": (0.8855, 0.8824, 0.7733),
}
"""Token-level macro-F1 on the data sets A, B and C of EvaHan 2025 (Xu et al.'s tables 3 and 4)."""


def markdown(metrics: dict[str, Any], picture: str) -> str:
    """metrics (dict[str, Any]): What `evaluate-fusion` wrote.
    picture (str): File name of the plot.
    RETURNS (str): The report.
    """
    parts = [
        f"# SLM × LLM fusion on {metrics['name']}",
        measured(metrics),
        f"SLM: `{metrics['slm']}`; LLM: `{metrics['llm']}`.",
        "P, R and F1 are of entities, exact match of start, end and label. Token macro-F1 is the mean "
        'over the BILUO tags other than "O". *Asked* is the share of the sentences that the LLM read. '
        "λ, thresholds and weights were found on the development split, and the rule was chosen there: "
        f"`{metrics['rows']['fusion']['rule']}`.",
        fusion_table(metrics),
        f"![Entity F1 of all rows]({picture})",
        "## Beside the paper",
        "Token-level macro-F1. The paper's models are GujiRoBERTa and Qwen2.5-14B-Instruct, "
        "fine-tuned, on data sets A, B and C of EvaHan 2025; the models here are others, and far "
        "smaller, so that only the order of the rows can be compared.",
        paper_table(metrics),
        "## The fusion by type",
        type_table(metrics),
    ]
    return "\n\n".join(parts) + "\n"


def fusion_table(metrics: dict[str, Any]) -> str:
    """RETURNS (str): All rows, as a Markdown table."""
    return table(HEADER, fusion_rows(metrics))


def paper_table(metrics: dict[str, Any]) -> str:
    """RETURNS (str): Our token-level macro-F1 beside the paper's, as a Markdown table."""
    rows = [
        [
            TITLES[name].strip("*"),
            f"{metrics['rows'][name]['token_macro_f']:.4f}" if name in metrics["rows"] else "–",
            *(f"{value:.4f}" for value in theirs),
        ]
        for name, theirs in PAPER.items()
    ]
    return table(("", metrics["name"], "paper, A", "paper, B", "paper, C"), rows)


def type_table(metrics: dict[str, Any], row: str = "fusion") -> str:
    """RETURNS (str): The scores of each type in one of the rows, as a Markdown table."""
    return table(PRF, type_rows(metrics, row))


def plot(metrics: dict[str, Any], out: Path) -> None:
    """metrics (dict[str, Any]): What `evaluate-fusion` wrote.
    out (Path): The PNG file to write: entity F1 of every row as bars.
    """
    try:
        import matplotlib
    except ImportError as error:
        raise ImportError(Errors.EL013) from error

    matplotlib.use("Agg")
    from matplotlib import pyplot

    names = list(metrics["rows"])
    figure, axes = pyplot.subplots(figsize=(8, 0.4 * len(names) + 1))
    bars = axes.barh(
        [TITLES[name].strip("*") for name in names],
        [metrics["rows"][name]["ents_f"] for name in names],
        color=[_colour(name) for name in names],
    )
    axes.bar_label(bars, fmt="%.3f", padding=3)
    axes.invert_yaxis()
    axes.set_xlim(0, 1)
    axes.set_xlabel(f"entity F1 on {metrics['name']}")
    axes.axvline(metrics["rows"]["fusion"]["ents_f"], color="#1b6ca8", linewidth=0.8, linestyle=":")
    axes.spines[["top", "right"]].set_visible(False)
    figure.tight_layout()
    figure.savefig(out, dpi=150)
    pyplot.close(figure)


def fusion_rows(metrics: dict[str, Any]) -> list[list[str]]:
    """RETURNS (list[list[str]]): All rows, columns as in `HEADER`."""
    return [_row(TITLES[name], row) for name, row in metrics["rows"].items()]


def type_rows(metrics: dict[str, Any], row: str = "fusion") -> list[list[str]]:
    """RETURNS (list[list[str]]): The scores of each type in one of the rows, columns as in `PRF`."""
    per_type = metrics["rows"][row]["ents_per_type"]
    return [
        [name, f"{found['p']:.3f}", f"{found['r']:.3f}", f"{found['f']:.3f}"]
        for name, found in per_type.items()
    ]


def _colour(name: str) -> str:
    return "#9aa5b1" if name in ALONE else "#d9a441" if name == "slm" else "#1b6ca8"


def _row(title: str, row: dict[str, Any]) -> list[str]:
    error = row["expected_calibration_error"]
    return [
        title,
        *(f"{row[key]:.3f}" for key in ("ents_p", "ents_r", "ents_f", "token_macro_f")),
        f"{row['asked']:.0%}",
        f"{row['docs_per_s']:.2f}",
        "–" if error is None else f"{error:.3f}",
    ]
