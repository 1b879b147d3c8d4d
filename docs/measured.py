"""The measured tables of a page: each stands between a comment that names its source and `end`."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from statistics import mean, stdev
from typing import Any

import overview

from spacy_el4ner.distillation import evaluation as distillation
from spacy_el4ner.evaluation import ensemble_tables, fusion_tables, in_context
from spacy_el4ner.evaluation.bench import tables as bench_tables
from spacy_el4ner.evaluation.machine import software, where
from spacy_el4ner.tuning import steps as tuning_steps

DOCS = Path(__file__).parent
MEASURED = (
    "bulk.md",
    "distil.md",
    "models.md",
    "quality.md",
    "quality-ensemble.md",
    "quality-fusion.md",
    "speed.md",
)
"""The pages with such tables."""

TABLE = re.compile(r"(<!-- table: (\S+) (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)


def _steps(record: dict[str, Any]) -> str:
    """The effect of each step of tuning, of the first seed."""
    steps = [step for row in record["rows"].values() for step in row["steps"][0]]
    return ensemble_tables.table(tuning_steps.HEADER, tuning_steps.rows(steps))


def _machine(record: dict[str, Any]) -> str:
    """When and where it was measured."""
    return f"Measured on {record['date']} with {where(record)}, {software(record)}."


def _gate(record: dict[str, Any]) -> str:
    """The time of each step of the gate, and the folders whose tests take the most of it."""
    rows = []
    for row in record["rows"]:
        slowest = [f"{folder} {seconds / 60:.1f}" for folder, seconds in row["folders"].items()]
        rows.append((f"`make {row['step']}`", f"{row['seconds'] / 60:.1f}", ", ".join(slowest)))
    total = sum(row["seconds"] for row in record["rows"])
    rows.append(("all", f"{total / 60:.1f}", ""))
    return ensemble_tables.table(
        ("step", "minutes", "slowest folders of tests, minutes of one core"), rows
    )


def _decoders(record: dict[str, Any]) -> str:
    """Whether verified drafts change any answer."""
    rows = [
        (
            row["model"],
            f"{row['offset']:+.0f}" if row["offset"] else "none",
            f"{row['tokens']:,}",
            f"{row['marked']:,}",
            f"{row['same']:,} of {row['sentences']:,}",
            f"{row['apart']:.0e}",
        )
        for row in record["rows"]
    ]
    header = (
        "model",
        "offset, nats",
        "longest prompt, tokens",
        "answers with a mention",
        "equal answers",
        "largest difference of a log-probability, nats",
    )
    return ensemble_tables.table(header, rows)


def _retrievers(record: dict[str, Any]) -> str:
    """How well voters find mentions with the demonstrations of each retriever: mean and spread."""
    voters = list(dict.fromkeys(row["voter"] for row in record["rows"]))
    rows = []
    for name in record["rows"][0]["f1"]:
        cells = []
        for voter in voters:
            f1 = [row["f1"][name] for row in record["rows"] if row["voter"] == voter]
            cells.append(f"{mean(f1):.3f} ± {stdev(f1):.3f}")
        rows.append((f"`{name.split('.')[1]}`", *cells))
    return ensemble_tables.table(("retriever", *voters), rows)


def _shards(record: dict[str, Any]) -> str:
    """What the bookkeeping of many shards takes."""
    keys = ("survey_s", "write_s", "resume_s", "merge_s", "growth_mb")
    rows = [[f"{row['shards']:,}", *(f"{row[key]:.1f}" for key in keys)] for row in record["rows"]]
    header = ("shards", "survey, s", "write, s", "resume, s", "merge, s", "memory grows by, MiB")
    return ensemble_tables.table(header, rows)


def _ratios(record: dict[str, Any]) -> str:
    """How much faster our decoding is than the fastest peer of each kind, at each batch size."""
    speed = {(row["batch_size"], row["system"]): row["docs_per_s"] for row in record["rows"]}
    peers = {row["system"]: row["constrained"] for row in record["rows"] if row["peer"]}
    said = []
    for size in sorted({size for size, _ in speed}):
        ours = speed[size, "draft_verified"]
        held, free = (
            ours / max(speed[size, name] for name, constrained in peers.items() if constrained is kind)
            for kind in (True, False)
        )
        said.append(f"{held:.1f} times at batch {size} ({free:.1f} times the fastest that does not)")
    return (
        "`draft_verified` is faster than the fastest peer that constrains its answers: "
        f"{', '.join(said)}. Measured on {record['date']} with {where(record)}."
    )


def _types(record: dict[str, Any]) -> str:
    """Our decoding in each type, against llama.cpp on the 4-bit file in the same run."""
    other = json.loads((DOCS / "results" / "real" / "bench_float32.json").read_text(encoding="utf8"))
    rows = []
    for run in (record, other):
        at = {(row["system"], row["batch_size"]): row for row in run["rows"]}
        sizes = sorted({size for _, size in at})
        ours = [at["draft_verified", size] for size in sizes]
        ratios = [
            row["docs_per_s"] / at["llamacpp_backend", row["batch_size"]]["docs_per_s"] for row in ours
        ]
        rows.append(
            [ours[0]["precision"], f"{ours[0]['f1']:.3f}"]
            + [f"{row['docs_per_s']:.2f}, {x:.1f} ×" for row, x in zip(ours, ratios, strict=True)]
        )
    header = ("type", "F1 of spans", *(f"documents/s at batch {size}" for size in sizes))
    return ensemble_tables.table(header, rows)


def _voters(record: dict[str, Any]) -> str:
    """Each group of voters, with the rule that is best on the development split."""
    plain = [row for row in record["rows"] if row["overlaps"] == "confidence" and not row["document"]]
    groups: dict[str, list[dict[str, Any]]] = {}
    for row in plain:
        groups.setdefault(", ".join(row["voters"]), []).append(row)
    rows = []
    for voters, same in groups.items():
        best = max(same, key=lambda row: row["dev"]["ents_f"])
        scores = [best["dev"]["ents_f"], *(best["test"][f"ents_{key}"] for key in "prf")]
        rule = best["rule"] if len(best["voters"]) > 1 else ""
        rows.append([voters, rule, *(f"{score:.3f}" for score in scores)])
    return ensemble_tables.table(("voters", "vote", "F1 on dev", "P", "R", "F1"), rows)


def _parts_of_the_vote(record: dict[str, Any]) -> str:
    """Every rule, and what is left out of or added to it, with all voters."""
    most = max(len(row["voters"]) for row in record["rows"])
    parts = {
        ("confidence", False): "",
        ("boundaries", False): "a vote on start and end",
        ("confidence", True): "the same words elsewhere vote",
    }
    rows = [
        [row["rule"], parts[row["overlaps"], row["document"]]]
        + [f"{row[split]['ents_f']:.3f}" for split in ("dev", "test")]
        for row in record["rows"]
        if len(row["voters"]) == most
    ]
    return ensemble_tables.table(("vote", "with", "F1 on dev", "F1"), rows)


def _scaling(record: dict[str, Any]) -> str:
    """What texts cost, as text, labels and voters grow in turn."""
    sizes = ("tokens", "labels", "voters", "sentences", "candidates")
    rows = [
        [
            row["series"],
            *(str(row[key]) for key in sizes),
            f"{row['seconds']:.2f}",
            f"{row['seconds_min']:.2f} – {row['seconds_max']:.2f}",
            f"{row['tokens_read']:,}",
            f"{row['peak_mb']:.0f}",
        ]
        for row in record["rows"]
    ]
    header = ("grows", *sizes, "seconds", "fastest – slowest", "tokens read", "peak MB")
    return ensemble_tables.table(header, rows)


def _exponents(record: dict[str, Any]) -> str:
    """The power of the size with which each cost grows."""
    costs = {"seconds": "seconds", "tokens_read": "tokens read"}
    rows = [
        [fit["series"], *(f"{fit[cost]['exponent']:.2f}" for cost in costs)] for fit in record["fits"]
    ]
    return ensemble_tables.table(("grows", *costs.values()), rows)


def _survey(record: dict[str, Any]) -> str:
    """How fast an input is surveyed."""
    found = record["survey"]
    rate, size = found["documents"] / found["seconds"], found["mb"] / found["seconds"]
    return (
        f"An input of {found['documents']:,} sentences, in shards of 1,000, is surveyed at {rate:,.0f} "
        f"documents or {size:,.0f} MiB a second. All of this was measured on {record['date']} with "
        f"{where(record)}."
    )


def _bulk(record: dict[str, Any]) -> str:
    """What many documents take at the measured rates, on one process and on a hundred."""
    last = max(record["rows"], key=lambda row: (row["documents"], -row["workers"]))
    rows = []
    for exponent in (6, 9):
        hours = 10**exponent / last["docs_per_s"] / 3600
        rows.append([f"10^{exponent}", *(f"{hours / n:,.2f}" for n in (1, 100, 1000))])
    return ensemble_tables.table(("documents", "1 process, h", "100, h", "1,000, h"), rows)


def _distillation(record: dict[str, Any]) -> str:
    """Teacher and students, and what the student learnt from."""
    kept = record["silver"]
    about = (
        f"Measured on {record['date']} on {record['test_documents']} documents with {where(record)}, "
        f"{software(record)}. The teacher found {kept['entities'] + kept['uncertain']} entities in "
        f"{kept['documents']} texts, of which {kept['entities']} were kept. The student is "
        f"{record['speedup']:.0f} times as fast."
    )
    return f"{about}\n\n{distillation.rows_table(record['rows'])}"


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
    "machine": _machine,
    "shards": _shards,
    "bulk": _bulk,
    "survey": _survey,
    "ratios": _ratios,
    "types": _types,
    "scaling": _scaling,
    "exponents": _exponents,
    "voters": _voters,
    "votes": _parts_of_the_vote,
    "conditions": ensemble_tables.measured,
    "distillation": _distillation,
    "gate": _gate,
    "retrievers": _retrievers,
    "decoders": _decoders,
    "models": fusion_tables.conditions,
}

OVERVIEWS = {"ensembles": overview.ensembles, "fusions": overview.fusions}
"""Tables of all files below a folder."""


def measured_page(name: str) -> str:
    """name (str): A page.
    RETURNS (str): The page with the tables that its comments name, from docs/results.
    """
    return TABLE.sub(_filled, (DOCS / name).read_text(encoding="utf8"))


def _filled(match: re.Match[str]) -> str:
    opening, file, kind, closing = match.groups()
    place = DOCS / "results" / file
    if kind in OVERVIEWS:
        made = OVERVIEWS[kind](place)
    else:
        made = TABLES[kind](json.loads(place.read_text(encoding="utf8")))
    return f"{opening}\n{made}\n\n{closing}"
