"""The tables, bars and the curve of the page, ready to be shown."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from spacy_el4ner.evaluation import fusion_report, report
from spacy_el4ner.evaluation.machine import where
from spacy_el4ner.report.judging import BOTH, BOUNDARY, DENIED, REFUSED, RIGHT, SPURIOUS, TYPE, Tally
from spacy_el4ner.scorer import BINS, calibration_error

ERRORS = {
    TYPE: "wrong type",
    BOUNDARY: "wrong boundary",
    BOTH: "wrong boundary and type",
    SPURIOUS: "no entity there",
}


@dataclass(frozen=True)
class Table:
    """title (str): What stands above it.
    note (str): How to read it.
    header (Sequence[str]): Its columns.
    rows (Sequence[Sequence[str]]): Their cells.
    """

    title: str
    note: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Bar:
    """name (str): What was measured.
    f1 (float): 0 to 1.
    main (bool): Whether it is what the others are compared with.
    """

    name: str
    f1: float
    main: bool


@dataclass(frozen=True)
class Section:
    """What one file of metrics says."""

    title: str
    note: str
    tables: Sequence[Table]
    bars: Sequence[Bar]


def ensemble_section(metrics: dict[str, Any]) -> Section:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (Section): Its tables, and F1 of the ensemble beside each backbone and each ablation.
    """
    models = ", ".join(f"{name} ({model})" for name, model in metrics["backbone_models"].items())
    bars = [Bar("full ensemble", metrics["full"]["ents_f"], True)]
    bars += [Bar(f"{n} alone", row["ents_f"], False) for n, row in metrics["backbones"].items()]
    ablations = metrics["ablations"].items()
    further = []
    if "ablated" in metrics:
        title = f"Further ablations, measured with {where(metrics['ablated'])}"
        rows = report.ablation_rows(metrics, further=True)
        further = [_table(title, report.HEADER, rows)]
    bars += [Bar(report.title(n, row), row["ents_f"], False) for n, row in ablations]
    return Section(
        f"Ensemble on {metrics['name']}",
        f"{report.measured(metrics)} Backbones: {models}.",
        [
            _table("Ensemble and single backbones", report.HEADER, report.main_rows(metrics)),
            _table("Ablations", report.HEADER, report.ablation_rows(metrics)),
            *further,
            _table("Extraction, without types", report.PRF, report.extraction_rows(metrics)),
            _table("By type", report.PRF, report.type_rows(metrics)),
        ],
        bars,
    )


def fusion_section(metrics: dict[str, Any]) -> Section:
    """metrics (dict[str, Any]): What `evaluate-fusion` wrote.
    RETURNS (Section): Its tables, and F1 of every row.
    """
    rows = metrics["rows"].items()
    titles = fusion_report.TITLES
    return Section(
        f"Fusion on {metrics['name']}",
        f"{report.measured(metrics)} Tagger: {metrics['slm']}; language model: {metrics['llm']}.",
        [
            _table("All rows", fusion_report.HEADER, fusion_report.fusion_rows(metrics)),
            _table("The fusion by type", report.PRF, fusion_report.type_rows(metrics)),
        ],
        [Bar(_bare(titles.get(n, n)), row["ents_f"], n == "fusion") for n, row in rows],
    )


def type_errors(tally: Tally) -> Table:
    """RETURNS (Table): For each type, the scores and what is wrong with what is not right."""
    rows = [_type_row("all", tally, tally.labels)]
    rows += [_type_row(label, tally, [label]) for label in tally.labels]
    return Table(
        "By type",
        "Exact match of start, end and label. “Missed” are gold entities that nothing found overlaps; "
        "the four kinds of errors are of the entities found.",
        ("", "gold", "found", "P", "R", "F1", "missed", *ERRORS.values()),
        rows,
    )


def model_errors(tally: Tally) -> Table:
    """RETURNS (Table): What each model said where the documents still show it."""
    return Table(
        "By model",
        "What each model said of the spans that are in the documents, whether it won or not. What an "
        "ensemble voted down or did not verify is not in them.",
        ("", "said", "right", *ERRORS.values(), "“none” of an entity"),
        [
            [
                name,
                str(counts.total()),
                str(counts[RIGHT] + counts[REFUSED]),
                *(str(counts[error]) for error in ERRORS),
                str(counts[DENIED]),
            ]
            for name, counts in sorted(tally.models.items())
        ],
    )


def confusion(tally: Tally) -> Table:
    """RETURNS (Table): Gold types in the rows, types found in the columns, of the same span."""
    options = [*tally.labels, ""]
    return Table(
        "Confusion of types",
        "Rows are gold, columns were found; “none” is where the other has no entity of exactly that "
        "span.",
        ("", *(label or "none" for label in options)),
        [
            [gold or "none", *(str(tally.confusion[gold, found] or "") for found in options)]
            for gold in options
        ],
    )


@dataclass(frozen=True)
class Point:
    """confidence (float): Mean confidence of a bin's entities.
    accuracy (float): The share of them that is right.
    entities (int): How many they are.
    """

    confidence: float
    accuracy: float
    entities: int


def calibration(tally: Tally) -> tuple[list[Point], float | None]:
    """RETURNS (tuple[list[Point], float | None]): A point for each bin of confidence, and the expected
    calibration error.
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in tally.pairs:
        bins.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, right))
    points = [
        Point(sum(c for c, _ in b) / len(b), sum(r for _, r in b) / len(b), len(b))
        for _, b in sorted(bins.items())
    ]
    return points, calibration_error(tally.pairs)


def _type_row(name: str, tally: Tally, labels: Iterable[str]) -> list[str]:
    labels = list(labels)
    gold = sum(tally.gold[label] for label in labels)
    missed = sum(tally.missed[label] for label in labels)
    found = {key: sum(tally.found[n][key] for n in labels if n in tally.found) for key in _KINDS}
    total, right = sum(found.values()), found[RIGHT]
    p, r = right / total if total else 0.0, right / gold if gold else 0.0
    f1 = 2 * p * r / (p + r) if p + r else 0.0
    scores = (f"{value:.3f}" for value in (p, r, f1))
    errors = (str(found[error]) for error in ERRORS)
    return [name, str(gold), str(total), *scores, str(missed), *errors]


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    return Table(title, "", header, [[_bare(row[0]), *row[1:]] for row in rows])


def _bare(name: str) -> str:
    """RETURNS (str): A name without the asterisks of Markdown."""
    return name.strip("*")


_KINDS = (RIGHT, *ERRORS)
