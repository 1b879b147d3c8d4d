"""The tables, bars and the calibration curve of the page."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from spacy_el4ner.calibration.error import BINS, calibration_error
from spacy_el4ner.evaluation import ensemble_tables, fusion_tables
from spacy_el4ner.evaluation.ensemble_tables import ENSEMBLE, voter_rows
from spacy_el4ner.evaluation.machine import where
from spacy_el4ner.html_report.outcomes import (
    BOTH,
    BOUNDARY,
    DENIED,
    REFUSED,
    RIGHT,
    SPURIOUS,
    TYPE,
    MentionTally,
)
from spacy_el4ner.scores import prf_of_counts

ERRORS = {
    TYPE: "wrong type",
    BOUNDARY: "wrong boundary",
    BOTH: "wrong boundary and type",
    SPURIOUS: "no entity there",
}


@dataclass(frozen=True)
class Table:
    """A table of the page.

    title (str): Heading above the table.
    note (str): How to read it.
    header (Sequence[str]): Names of the columns.
    rows (Sequence[Sequence[str]]): Cells of each row.
    """

    title: str
    note: str
    header: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class Bar:
    """A bar of the chart.

    name (str): Name of the row.
    f1 (float): Its F1, 0 to 1.
    main (bool): Whether the others are compared with it.
    """

    name: str
    f1: float
    main: bool


@dataclass(frozen=True)
class Section:
    """The figures of one file of metrics.

    title (str): Heading of the section.
    note (str): What was measured, and with what.
    tables (Sequence[Table]): Its tables.
    bars (Sequence[Bar]): F1 of every row.
    """

    title: str
    note: str
    tables: Sequence[Table]
    bars: Sequence[Bar]


def ensemble_section(metrics: dict[str, Any]) -> Section:
    """metrics (dict[str, Any]): What `evaluate` wrote.
    RETURNS (Section): Its tables, and F1 of the ensemble, each voter and each ablation.
    """
    models = ", ".join(f"{name} ({model})" for name, model in metrics["voter_models"].items())
    bars = [Bar("full ensemble", metrics["rows"][ENSEMBLE]["ents_f"], True)]
    bars += [Bar(f"{n} alone", row["ents_f"], False) for n, row in voter_rows(metrics).items()]
    ablations = metrics["ablations"].items()
    rows = ensemble_tables.ablation_rows(metrics)
    further = []
    if "ablated" in metrics:
        title = f"Further ablations, measured with {where(metrics['ablated'])}"
        on_demand = ensemble_tables.ablation_rows(metrics, further=True)
        further = [_table(title, ensemble_tables.HEADER, on_demand)]
    bars += [Bar(ensemble_tables.title(n, row), row["ents_f"], False) for n, row in ablations]
    return Section(
        f"Ensemble on {metrics['name']}",
        f"{ensemble_tables.measured(metrics)} Voters: {models}.",
        [
            _table(
                "Ensemble and single voters",
                ensemble_tables.HEADER,
                ensemble_tables.main_rows(metrics),
            ),
            *([_table("Ablations", ensemble_tables.HEADER, rows)] if rows else []),
            *further,
            _table(
                "Extraction, without labels",
                ensemble_tables.PRF,
                ensemble_tables.extraction_rows(metrics),
            ),
            _table("By label", ensemble_tables.PRF, ensemble_tables.type_rows(metrics)),
            *_trust(metrics.get("trust", {})),
        ],
        bars,
    )


def _trust(remarks: dict[str, str]) -> list[Table]:
    """The voters as the vote rule knows them; nothing for a rule that learns nothing."""
    note = (
        "What the vote rule learnt about each voter: the share of its vote that the right label gets."
    )
    return [Table("Whom to trust", note, ("voter", ""), list(remarks.items()))] if remarks else []


def fusion_section(metrics: dict[str, Any]) -> Section:
    """metrics (dict[str, Any]): What `evaluate-fusion` wrote.
    RETURNS (Section): Its tables, and F1 of every row.
    """
    rows = metrics["rows"].items()
    return Section(
        f"Fusion on {metrics['name']}",
        _plain(fusion_tables.conditions(metrics)),
        [
            _table("All rows", fusion_tables.header(metrics), fusion_tables.fusion_rows(metrics)),
            _table("The fusion by label", ensemble_tables.PRF, fusion_tables.type_rows(metrics)),
        ],
        [Bar(_bare(fusion_tables.title(n, row)), row["ents_f"], n == "fusion") for n, row in rows],
    )


def label_errors(tally: MentionTally) -> Table:
    """tally (MentionTally): The counts.
    RETURNS (Table): The scores and the errors of each label.
    """
    rows = [_label_row("all", tally, tally.labels)]
    rows += [_label_row(label, tally, [label]) for label in tally.labels]
    return Table(
        "By label",
        "Exact match of start, end and label. “Missed” are gold entities that nothing found overlaps; "
        "the four kinds of errors are of the entities found.",
        ("", "gold", "found", "P", "R", "F1", "missed", *ERRORS.values()),
        rows,
    )


def model_errors(tally: MentionTally) -> Table:
    """tally (MentionTally): The counts.
    RETURNS (Table): The outcomes of the answers of each model, as far as the documents record them.
    """
    return Table(
        "By model",
        "Each model's opinions on the spans in the documents, whether they prevailed or not. Spans "
        "that an ensemble voted down or did not verify are not in the documents.",
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


def confusion(tally: MentionTally) -> Table:
    """tally (MentionTally): The counts.
    RETURNS (Table): Gold labels in the rows, predicted labels in the columns, for equal spans.
    """
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
class ChartPoint:
    """One bin of the calibration curve.

    confidence (float): Mean confidence of its entities, 0 to 1.
    accuracy (float): Share of its entities that are right, 0 to 1.
    entities (int): Number of its entities.
    """

    confidence: float
    accuracy: float
    entities: int


def calibration(tally: MentionTally) -> tuple[list[ChartPoint], float | None]:
    """tally (MentionTally): The counts.
    RETURNS (tuple[list[ChartPoint], float | None]): A point for each bin of confidence, and the
        expected calibration error; None without confidences.
    """
    bins: dict[int, list[tuple[float, bool]]] = {}
    for confidence, right in tally.pairs:
        bins.setdefault(min(int(confidence * BINS), BINS - 1), []).append((confidence, right))
    points = [
        ChartPoint(sum(c for c, _ in b) / len(b), sum(r for _, r in b) / len(b), len(b))
        for _, b in sorted(bins.items())
    ]
    return points, calibration_error(tally.pairs)


def _label_row(name: str, tally: MentionTally, labels: Iterable[str]) -> list[str]:
    labels = list(labels)
    gold = sum(tally.gold[label] for label in labels)
    missed = sum(tally.missed[label] for label in labels)
    outcomes = {
        key: sum(tally.outcomes[n][key] for n in labels if n in tally.outcomes) for key in _KINDS
    }
    total, right = sum(outcomes.values()), outcomes[RIGHT]
    prf = prf_of_counts(right, total, gold)
    scores = (f"{value:.3f}" for value in (prf.p, prf.r, prf.f))
    errors = (str(outcomes[error]) for error in ERRORS)
    return [name, str(gold), str(total), *scores, str(missed), *errors]


def _table(title: str, header: Sequence[str], rows: Sequence[Sequence[str]]) -> Table:
    return Table(title, "", header, [[_bare(row[0]), *row[1:]] for row in rows])


def _bare(name: str) -> str:
    """RETURNS (str): A name without the asterisks of Markdown."""
    return name.strip("*")


def _plain(text: str) -> str:
    """RETURNS (str): A text without the marks of Markdown."""
    return text.replace("*", "").replace("`", "")


_KINDS = (RIGHT, *ERRORS)
