"""The table and the plot of a benchmark; every number comes from the measured file."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from spacy_el4ner.evaluation.bench.record import read
from spacy_el4ner.evaluation.bench.systems import SYSTEMS
from spacy_el4ner.evaluation.machine import software
from spacy_el4ner.plots import BLUE, GREY, YELLOW, saved_figure

WHO = {
    "spacy_llm": "spaCy-llm, `spacy.NER.v3`, its own prompt without demonstrations, sent one by one",
    "generate_single": "transformers' `generate`, greedy and free, our prompt, one at a time",
    "generate_batch": "the same, batched and padded on the left",
    "prompt_lookup": "`generate`, one at a time, with drafts looked up in the prompt",
    "llama_cpp_server": "llama.cpp's server, asked over HTTP: our prompt, the grammar of the format",
    "langextract": "langextract, asking llama.cpp's server: its own prompt with the same "
    "demonstrations, the JSON schema that it makes of the labels",
    "llamacpp_backend": "`LlamaCppBackend`, constrained, the model's GGUF file as it is",
    "constrained": "our constrained decoding, one token at a time, each prompt read in full",
    "draft_verified_flat": "our decoding by verified drafts, with the same answers",
    "draft_verified": "the same, with what prompts begin with read once",
    "floor": "prompt and finished answer in one pass, which nothing that reads them can undercut",
    "ensemble": "all four stages, as configured",
    "ensemble_unshared": "the same, each request reading its whole prompt by itself",
    "ensemble_constrained": "the same with constrained decoding, one token at a time",
}
COLOURS = (
    *(YELLOW, "#e3c48a", "#c9cfd6", "#a9c1a0", "#b7a3cc", "#c98f7d", "#6f9a72"),
    *(GREY, "#8fb3d9", BLUE, "#3b3f46"),
)
Column = tuple[str, str, str]
"""Heading, key and number format of a column."""
COLUMNS: tuple[Column, ...] = (
    ("batch", "batch_size", "{}"),
    ("type", "precision", "{}"),
    ("documents/s", "docs_per_s", "{:.2f}"),
    ("slowest – fastest", "", ""),
    ("× constrained", "to_constrained", "{:.2f}"),
    ("× floor", "to_floor", "{:.2f}"),
    ("passes a document", "passes_per_doc", "{:.2f}"),
    ("F1 of spans", "f1", "{:.3f}"),
    ("tokens read ÷ needed", "token_ratio", "{:.2f}"),
    ("answer tokens", "answer_tokens_per_doc", "{:.1f}"),
    ("peak MB", "peak_mb", "{:.0f}"),
    ("malformed", "malformed", "{}"),
    ("not in the text", "outside_text", "{}"),
    ("= constrained", "same_answers", "{}"),
)
ENSEMBLE_COLUMNS: tuple[Column, ...] = (
    ("documents/s", "docs_per_s", "{:.3f}"),
    ("slowest – fastest", "", ""),
    ("sentences/s", "sentences_per_s", "{:.2f}"),
    ("× ensemble", "to_ensemble", "{:.2f}"),
    ("forward passes", "forward_passes", "{}"),
    ("tokens read", "tokens", "{}"),
    ("peak MB", "peak_mb", "{:.0f}"),
    ("same entities", "same_output", "{}"),
)


def render(path: Path) -> tuple[Path, Path]:
    """path (Path): The measured file.
    RETURNS (tuple[Path, Path]): The table and the plot, written next to it.
    """
    data = read(path)
    text, picture = path.with_suffix(".md"), path.with_suffix(".png")
    text.write_text(markdown(data, picture.name), encoding="utf8")
    plot(data, picture)
    return text, picture


def markdown(data: dict[str, Any], picture: str) -> str:
    """data (dict[str, Any]): The content of the measured file.
    picture (str): File name of the plot.
    RETURNS (str): The report.
    """
    machine, settings = data["machine"], data["settings"]
    where = data["gpu"] if settings["device"] != "cpu" else _processor(machine)
    named = [row["system"] for kind in ("rows", "ensemble") for row in data[kind]]
    who = "\n".join(f"- `{n}`: {text}" for n, text in WHO.items() if n in named)
    parts = [
        "# Speed of decoding",
        f"Measured on {data['date']} with `{data['model']}` on {where}, {software(data)}. "
        f"On a GPU: {data['gpu']}.",
        f"All systems answer the same {settings['sentences']} sentences in the same run, after a "
        f"warm-up, taking turns; {settings['repeats']} repetitions, of which the median counts. A "
        "document is one sentence with its prompt, a batch that many of them. `tokens read ÷ needed` "
        "is what was pushed through the model, padding left out, over the tokens of prompt and answer; "
        f"`peak MB`: {settings['peak_mb']}; `type`: the type in which the model "
        "computes, or its file. `malformed` counts answers that are not in the language of "
        "the format, `not in the text` mentions that the text does not contain, `= constrained` "
        "answers that are those of the plain constrained loop to the character. A × column is the "
        "median over the repetitions of the ratio within one.",
        f"A free answer has at most {settings['margin']} tokens more than the gold one"
        + (" and at least as many." if settings["full_length"] else "; it may end before.")
        + " A model that only knows constrained answers, like the compact backbones, answers nothing "
        "sensible freely: of such rows only the speed counts.",
        who,
        table(data),
        *[f"`{name}` was not measured: {why}." for name, why in data.get("skipped", {}).items()],
        f"![Documents per second]({picture})",
    ]
    if data["ensemble"]:
        parts += ["## The whole method", ensemble_table(data)]
    return "\n\n".join(parts) + "\n"


def table(data: dict[str, Any]) -> str:
    """data (dict[str, Any]): The content of the measured file.
    RETURNS (str): All systems at all batch sizes, as a Markdown table; without columns that a file of
        an earlier version lacks.
    """
    rows = sorted(data["rows"], key=lambda r: (r["batch_size"], SYSTEMS.index(r["system"])))
    known = [column for column in COLUMNS if not column[1] or any(column[1] in row for row in rows)]
    return _table(known, rows)


def ensemble_table(data: dict[str, Any]) -> str:
    """data (dict[str, Any]): The content of the measured file.
    RETURNS (str): The variants of the whole method, as a Markdown table.
    """
    return _table(ENSEMBLE_COLUMNS, data["ensemble"])


def plot(data: dict[str, Any], out: Path) -> None:
    """data (dict[str, Any]): The content of the measured file.
    out (Path): The PNG file to write: documents per second, by batch size and system.
    """
    speed = {(r["batch_size"], r["system"]): r["docs_per_s"] for r in data["rows"]}
    sizes = sorted({size for size, _ in speed})
    names = [name for name in SYSTEMS if any(system == name for _, system in speed)]
    with saved_figure(out, 9, 4.5) as axes:
        width = 0.85 / max(1, len(names))
        for n, name in enumerate(names):
            here = [(at, speed[size, name]) for at, size in enumerate(sizes) if (size, name) in speed]
            bars = axes.bar(
                [at + (n - (len(names) - 1) / 2) * width for at, _ in here],
                [value for _, value in here],
                width,
                label=name,
                color=COLOURS[SYSTEMS.index(name)],
            )
            axes.bar_label(bars, fmt="%.3g", padding=2, fontsize=7)
        axes.set_yscale("log")
        axes.set_xticks(range(len(sizes)), [f"batches of {size}" for size in sizes])
        axes.set_ylabel("documents per second")
        axes.legend(frameon=False, fontsize=8, ncols=3, loc="lower center", bbox_to_anchor=(0.5, 1.0))


def _table(columns: Sequence[Column], rows: Iterable[dict[str, Any]]) -> str:
    cells = [["", *(heading for heading, _, _ in columns)], ["---", *["--:"] * len(columns)]]
    cells += [[row["system"], *(_cell(row, *column) for column in columns)] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in cells)


def _cell(row: dict[str, Any], heading: str, key: str, form: str) -> str:
    if not key:
        return f"{row['docs_per_s_min']:.2f} – {row['docs_per_s_max']:.2f}"
    value = row.get(key)  # earlier measurements lack some
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "–" if value is None else form.format(value)


def _processor(machine: dict[str, Any]) -> str:
    return f"{machine['threads']} thread(s) of {machine['processor']}"
