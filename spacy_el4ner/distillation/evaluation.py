"""The evaluation of a distillation: the teacher, its student, and the student without a teacher."""

import time
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.training import Example

from spacy_el4ner.corpora import read_docs, unannotated
from spacy_el4ner.evaluation.ensemble_tables import table
from spacy_el4ner.evaluation.machine import software, where
from spacy_el4ner.evaluation.unfinished import Once
from spacy_el4ner.progress import track
from spacy_el4ner.scorer import score

Row = dict[str, Any]
TITLES = {
    "teacher": "teacher",
    "student": "student",
    "alone": "student without a teacher, on the gold documents alone",
}
HEADER = ("", "F1", "P", "R", "calibration error", "documents/s")


def measured(teacher: Language, students: Mapping[str, Path], test: Path, once: Once) -> dict[str, Row]:
    """teacher (Language): The teacher.
    students (Mapping[str, Path]): Name of a row -> the folder of a pipeline.
    test (Path): A labelled corpus.
    once (Callable): Returns the row of a name, given a function that measures it.
    RETURNS (dict[str, Row]): The rows of `TITLES` that there are.
    """
    rows = {"teacher": once("teacher", partial(_row, teacher, test, "teacher"))}
    for name, folder in students.items():
        rows[name] = once(name, partial(_row, folder, test, name))
    return rows


def _row(pipeline: Language | Path, test: Path, name: str) -> Row:
    """Scores and speed of a pipeline. Its models are loaded before the clock starts."""
    nlp = spacy.load(pipeline) if isinstance(pipeline, Path) else pipeline
    gold = read_docs(test, nlp.vocab, nlp=nlp)
    nlp(unannotated(gold[0]))
    bare = [unannotated(doc) for doc in gold]
    start = time.perf_counter()
    predicted = list(track(nlp.pipe(bare), f"Measuring {name}", len(gold)))
    seconds = time.perf_counter() - start
    scores = score([Example(p, g) for p, g in zip(predicted, gold, strict=True)])
    return {
        **{key: scores[key] or 0.0 for key in ("ents_p", "ents_r", "ents_f")},
        "ents_per_type": scores["ents_per_type"] or {},
        "expected_calibration_error": scores["el4ner_calibration_error"],
        "documents": len(gold),
        "docs_per_s": len(gold) / seconds,
    }


def summary(rows: Mapping[str, Row]) -> dict[str, float | None]:
    """rows (Mapping[str, Row]): What `measured` returned.
    RETURNS (dict[str, float | None]): `teacher_f`, `student_f` and `alone_f` (F1, 0 to 1; None without
        gold documents), and `speedup`, documents a second of the student over those of the teacher.
    """
    f1 = {f"{name}_f": rows[name]["ents_f"] if name in rows else None for name in TITLES}
    return {**f1, "speedup": rows["student"]["docs_per_s"] / rows["teacher"]["docs_per_s"]}


def markdown(record: dict[str, Any]) -> str:
    """record (dict[str, Any]): What `distil` recorded.
    RETURNS (str): The report.
    """
    kept = record["silver"]
    parts = [
        f"# Distillation: {record['teacher']}",
        f"Measured on {record['date']} on the {record['test_documents']} documents of "
        f"`{record['test']}` with {where(record)}, {software(record)}.",
        f"Of what the teacher found in {kept['documents']} documents, {kept['entities']} entities were "
        f"kept; the tokens of {kept['uncertain']} with a confidence below {record['min_confidence']} "
        f"were marked as missing annotation. Gold documents to train on: {record['gold']}; documents "
        f"to select the best student by: {record['dev']}.",
        rows_table(record["rows"]),
        f"The student reads {record['speedup']:.1f} times as many documents a second as its teacher.",
    ]
    return "\n\n".join(parts) + "\n"


def rows_table(rows: Mapping[str, Row]) -> str:
    """rows (Mapping[str, Row]): What `measured` returned.
    RETURNS (str): A Markdown table.
    """
    return table(HEADER, [_cells(TITLES[name], row) for name, row in rows.items()])


def _cells(title: str, row: Row) -> list[str]:
    error = row["expected_calibration_error"]
    return [
        title,
        *(f"{row[key]:.3f}" for key in ("ents_f", "ents_p", "ents_r")),
        "–" if error is None else f"{error:.3f}",
        f"{row['docs_per_s']:.1f}",
    ]
