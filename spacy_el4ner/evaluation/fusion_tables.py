"""The Markdown report and the plot of a fusion's evaluation, next to the tables of Xu et al. 2025."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.evaluation.ensemble_tables import PRF, measured, table
from spacy_el4ner.fusion.rules.registered import registered_rules
from spacy_el4ner.plots import BLUE, GREY, YELLOW, bars_of_f1

TITLES = {
    "few_shot": "LLM, few-shot",
    "similarity": "LLM, similar demonstrations",
    "sft_few_shot": "LLM fine-tuned, few-shot",
    "sft_similarity": "LLM fine-tuned, similar demonstrations",
    "slm": "SLM",
    "fusion": "**fusion, as chosen on the development split**",
    "routed": "the same, LLM asked where the SLM is unsure",
}
"""Row -> title, of the rows that belong to no rule."""
WITHOUT_DEMONSTRATIONS = {"few_shot": "LLM, not fine-tuned", "sft_similarity": "LLM fine-tuned"}
"""Row -> title where the prompts have no demonstrations."""
ALONE = ("few_shot", "similarity", "sft_few_shot", "sft_similarity")
RECALLS = {"unseen_r": "R, unseen", "seen_r": "R, seen"}
"""Key of a row -> column: recall of entities by whether training has seen them."""
NOVELTY = (
    "An entity is *seen* if its exact surface is an entity of the same label in the training split, "
    "else *unseen*."
)
PAPER = {
    "few_shot": (0.2626, 0.4072, 0.2492),
    "similarity": (0.4400, 0.6367, 0.5182),
    "sft_few_shot": (0.6737, 0.8329, 0.5878),
    "sft_similarity": (0.8350, 0.8694, 0.6381),
    "slm": (0.8305, 0.8738, 0.7207),
    "fusion": (0.8855, 0.8824, 0.7733),
}
"""Token-level macro-F1 on the data sets A, B and C of EvaHan 2025 (Xu et al.'s tables 3 and 4)."""


def title(name: str, row: dict[str, Any] | None = None) -> str:
    """name (str): Name of a row.
    row (dict[str, Any] | None): The row, which says whether there were demonstrations; None where that
        does not matter.
    RETURNS (str): Its title in tables; for the row of a rule, the rule's own, if the rule is installed.
    """
    rules = {f"fusion_{rule.name}": rule.title for rule in registered_rules().values()}
    without = WITHOUT_DEMONSTRATIONS if row is not None and row.get("k") == 0 else {}
    return {**rules, **TITLES, **without}.get(name, name)


def header(metrics: dict[str, Any]) -> tuple[str, ...]:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    RETURNS (tuple[str, ...]): The columns of the table of all rows; those on unseen entities only where
        they were measured.
    """
    recalls = RECALLS.values() if "unseen" in metrics else ()
    return (*PRF, "token macro-F1", *recalls, "asked", "documents/s", "calibration error")


def conditions(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    RETURNS (str): Sentences on what was measured, with what, on which entities are unseen, and the note
        that was left with the measurement.
    """
    parts = [measured(metrics), models_described(metrics)]
    if "unseen" in metrics:
        parts += [NOVELTY, novelty_counts(metrics)]
    if note := metrics.get("note"):
        parts.append(note)
    return " ".join(parts)


def models_described(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    RETURNS (str): A sentence on the tagger and the language model: names, sizes, training.
    """
    if "models" not in metrics:
        return f"SLM: `{metrics['slm']}`; LLM: `{metrics['llm']}`."
    slm, llm = metrics["models"]["slm"], metrics["models"]["llm"]
    tagger = slm_described(slm)
    if slm["seed"] is not None:
        tagger += f", seed {slm['seed']}"
    return f"{tagger}; {llm_described(llm)}."


def slm_described(slm: dict[str, Any]) -> str:
    """slm (dict[str, Any]): What is known of the tagger.
    RETURNS (str): Its name and size, and whether it was pretrained.
    """
    tagger = f"SLM: `{slm['base'] or slm['name']}`{_millions(slm['parameters'])}"
    return tagger if slm["base"] else f"{tagger}, trained from nothing"


def llm_described(llm: dict[str, Any]) -> str:
    """llm (dict[str, Any]): What is known of the language model.
    RETURNS (str): Its name and size, how it was fine-tuned, and its prompts.
    """
    return f"LLM: `{llm['name']}`{_millions(llm.get('parameters'))}{_tuned(llm)}{_prompt(llm)}"


def novelty_counts(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote, with "unseen" and "seen".
    RETURNS (str): A sentence on the numbers of unseen and seen entities.
    """
    unseen, seen = (metrics[kind]["entities"] for kind in ("unseen", "seen"))
    return f"{unseen} of {unseen + seen} entities are unseen."


def _tuned(llm: dict[str, Any]) -> str:
    """What was trained of a language model, and on how much."""
    tuning = llm.get("fine_tuning")
    if not tuning:
        return ""
    adapter = f"LoRA of rank {tuning.get('rank')}{_millions(llm.get('adapter_parameters'))}"
    what = adapter if tuning.get("method") == "lora" else "all weights"
    epochs = tuning.get("epochs")
    return (
        f", {what} fine-tuned for {epochs} {'epoch' if epochs == 1 else 'epochs'} on "
        f"{tuning.get('sentences')} sentences (seed {tuning.get('seed')})"
    )


def _prompt(llm: dict[str, Any]) -> str:
    if llm.get("template") is None:
        return ""
    shown = f"{llm['k']} demonstrations" if llm["k"] else "without demonstrations"
    return f", prompt template `{llm['template']}`, {shown}"


def _millions(parameters: int | None) -> str:
    return "" if parameters is None else f" ({parameters / 1e6:.1f} M parameters)"


def markdown(metrics: dict[str, Any], picture: str) -> str:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    picture (str): File name of the plot.
    RETURNS (str): The report.
    """
    parts = [
        f"# SLM × LLM fusion on {metrics['name']}",
        conditions(metrics),
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
        "## The fusion by label",
        type_table(metrics),
    ]
    return "\n\n".join(parts) + "\n"


def fusion_table(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    RETURNS (str): All rows, as a Markdown table.
    """
    return table(header(metrics), fusion_rows(metrics))


def paper_table(metrics: dict[str, Any]) -> str:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    RETURNS (str): Our token-level macro-F1 next to the paper's, as a Markdown table.
    """
    rows = [
        [
            title(name, metrics["rows"].get(name)).strip("*"),
            f"{metrics['rows'][name]['token_macro_f']:.4f}" if name in metrics["rows"] else "–",
            *(f"{value:.4f}" for value in theirs),
        ]
        for name, theirs in PAPER.items()
    ]
    return table(("", metrics["name"], "paper, A", "paper, B", "paper, C"), rows)


def type_table(metrics: dict[str, Any], row: str = "fusion") -> str:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    row (str): Name of a row.
    RETURNS (str): The scores of each label in that row, as a Markdown table.
    """
    return table(PRF, type_rows(metrics, row))


def plot(metrics: dict[str, Any], out: Path) -> None:
    """Draw the entity F1 of every row as bars.

    metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    out (Path): The PNG file to write.
    """
    rows = metrics["rows"]
    bars = [(title(name, row).strip("*"), row["ents_f"], _colour(name)) for name, row in rows.items()]
    bars_of_f1(out, bars, rows["fusion"]["ents_f"], metrics["name"])


def fusion_rows(metrics: dict[str, Any]) -> list[list[str]]:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    RETURNS (list[list[str]]): All rows, columns as in `header`.
    """
    recalls = tuple(RECALLS) if "unseen" in metrics else ()
    return [_row(title(name, row), row, recalls) for name, row in metrics["rows"].items()]


def type_rows(metrics: dict[str, Any], row: str = "fusion") -> list[list[str]]:
    """metrics (dict[str, Any]): The JSON that `evaluate-fusion` wrote.
    row (str): Name of a row.
    RETURNS (list[list[str]]): The scores of each label in that row, columns as in `PRF`.
    """
    per_type = metrics["rows"][row]["ents_per_type"]
    return [
        [name, f"{found['p']:.3f}", f"{found['r']:.3f}", f"{found['f']:.3f}"]
        for name, found in per_type.items()
    ]


def _colour(name: str) -> str:
    return GREY if name in ALONE else YELLOW if name == "slm" else BLUE


def _row(title: str, row: dict[str, Any], recalls: Sequence[str]) -> list[str]:
    scores = ("ents_p", "ents_r", "ents_f", "token_macro_f", *recalls)
    return [
        title,
        *(_score(row[key]) for key in scores),
        f"{row['asked']:.0%}",
        f"{row['docs_per_s']:.2f}",
        _score(row["expected_calibration_error"]),
    ]


def _score(value: float | None) -> str:
    return "–" if value is None else f"{value:.3f}"
